//! The loop on virtual time. What must hold on every driver is in the conformance suite; here is what only this one can
#![cfg(not(loom))]
//! show.

mod deadlock;
mod example;
mod network;
mod primitives;
mod schedules;
mod seeds;
mod streams;
mod suite;
mod time;
mod tokens;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// No test takes nearly so long, in real time.
const BOUND: Duration = Duration::from_secs(60);

/// Runs `test` in a thread of its own, which is left behind when it hangs.
#[track_caller]
fn bounded<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    bounded_by(BOUND, test)
}

/// The same, for one that takes longer.
#[track_caller]
fn bounded_by<T: Send + 'static>(bound: Duration, test: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let name = thread::current().name().unwrap_or_default().to_owned();
    let thread = thread::Builder::new().name(name).spawn(move || {
        let output = test();
        let _unheard = sender.send(());
        output
    });
    let thread = thread.expect("there is room for one more thread");
    match receiver.recv_timeout(bound) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it did not end within {bound:?}"),
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }
    }
}

/// Runs `main` on virtual time without a seed.
#[track_caller]
fn run<F: Future + 'static>(main: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F::Output: Send,
{
    bounded(move || loop_virtual::run(main()).expect("it ends"))
}
