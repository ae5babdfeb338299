//! A forked child that never becomes another program.
#![expect(unsafe_code, reason = "fork")]

use crate::alone::alone;
use core_loop::ctrl_c;
use futures_lite::future::poll_once;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use std::pin::pin;

#[test]
fn a_signal_to_a_forked_child_does_not_reach_the_parents_loop() {
    alone("signal_fork::a_signal_to_a_forked_child_does_not_reach_the_parents_loop", "", || {
        core_loop::run(async {
            let mut waiting = pin!(ctrl_c());
            assert!(poll_once(&mut waiting).await.is_none());
            // SAFETY: the child of a process with threads may only do what is safe in a signal handler. It raises a
            // signal, which ends it; if not, it loops.
            match unsafe { fork() }.unwrap() {
                ForkResult::Child => loop {
                    let _ = raise(Signal::SIGINT);
                },
                ForkResult::Parent { child } => {
                    let status = waitpid(child, None).unwrap();
                    assert_eq!(status, WaitStatus::Signaled(child, Signal::SIGINT, false));
                }
            }
            assert!(poll_once(&mut waiting).await.is_none());
            raise(Signal::SIGINT).unwrap();
            waiting.await.unwrap();
        })
        .unwrap();
    });
}

#[test]
fn a_signal_to_a_forked_child_does_not_reach_the_parents_handler() {
    alone("signal_fork::a_signal_to_a_forked_child_does_not_reach_the_parents_handler", "", || {
        core_loop::run(async {
            let heard = core_loop::Future::new();
            let hears = heard.clone();
            let lp = core_loop::Loop::current();
            lp.add_signal_handler(Signal::SIGUSR1 as i32, move || hears.set_result(()).unwrap()).unwrap();
            // SAFETY: as above.
            match unsafe { fork() }.unwrap() {
                ForkResult::Child => loop {
                    let _ = raise(Signal::SIGUSR1);
                },
                ForkResult::Parent { child } => {
                    let status = waitpid(child, None).unwrap();
                    assert_eq!(status, WaitStatus::Signaled(child, Signal::SIGUSR1, false));
                }
            }
            core_loop::wait_until_idle().await;
            assert!(!heard.done());
            raise(Signal::SIGUSR1).unwrap();
            heard.await.unwrap();
        })
        .unwrap();
    });
}
