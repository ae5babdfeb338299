//! Signals: their numbers, who listens, and Ctrl-C.
//!
//! [`Loop::add_signal_handler`](crate::Loop::add_signal_handler) calls a function for each of one signal, [`ctrl_c`] waits for
//! the interrupt, [`dump_on_signal`](crate::dump_on_signal) prints the tasks.
//!
//! # Python
//!
//! `signal.SIGINT`, `signal.SIGTERM`, …

mod bell;
mod common;
mod handler;
mod handlers;
mod numbers;
mod runner;

pub(crate) use common::{is_fault, ring, unnoticed};
pub(crate) use handler::Ear;
pub use numbers::{
    SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGKILL, SIGPIPE,
    SIGPROF, SIGPWR, SIGQUIT, SIGSEGV, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
    SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};
pub(crate) use runner::RunnerListener;

use crate::Descriptor;
use crate::sync::{Mutex, lock};
use handler::{Handler, Hung};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

/// Waits for the next SIGINT.
///
/// Any number of tasks, loops and threads may wait; one signal ends all of their waits. While somebody waits, the program
/// says what Ctrl-C does: a [`Runner`](crate::Runner) does not cancel its main then. While nobody waits, what was there
/// before is back: a second Ctrl-C while the program shuts down ends it.
/// Listening begins with the first poll. A child that was forked without exec does not reach this process.
///
/// # Errors
///
/// No descriptors left.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future ends this wait only.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// core_loop::ctrl_c().await?;
/// println!("shutting down");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `loop.add_signal_handler(signal.SIGINT, ..)` with an `Event`.
pub async fn ctrl_c() -> io::Result<()> {
    let listener = Listener::new(SIGINT)?;
    let descriptor = Descriptor::new(listener.duplicate()?)?;
    descriptor.readable().await
}

/// Code of the program hears a signal, until this is dropped.
pub(crate) struct Listener {
    signal: i32,
    /// Rung by the handler; counts the signals that nobody has taken note of yet.
    bell: EventFd,
}

/// Those who listen to one signal now, and the handler, for as long as there is one of them.
struct Listening {
    signal: i32,
    handler: Handler,
    /// They say what the signal does.
    program: Vec<RawFd>,
    /// They hear it while no code of the program listens.
    runners: Vec<Arc<Ear>>,
}

/// One a signal, in no order: mostly there is none, or one. It keeps its memory, for the next run.
static LISTENING: Mutex<Vec<Listening>> = Mutex::new(Vec::new());

fn find(listening: &mut [Listening], signal: i32) -> Option<&mut Listening> {
    listening.iter_mut().find(|those| those.signal == signal)
}

impl Listening {
    /// Whom the signal reaches.
    fn hung(&self) -> Hung {
        match self.program.is_empty() {
            true => Hung::Runners(self.runners.clone()),
            false => Hung::Program(self.program.clone()),
        }
    }
}

/// Those who listen are others now. When this returns, the handler does not know those any more that `change` took away. The
/// last to leave restores what was there before.
fn rearrange(signal: i32, change: impl FnOnce(&mut Listening)) {
    let mut listening = lock(&LISTENING);
    let those = find(&mut listening, signal).expect("this one listens");
    change(those);
    if those.program.is_empty() && those.runners.is_empty() {
        listening.retain(|those| those.signal != signal);
    } else {
        those.handler.ring(those.hung());
    }
}

fn bell() -> io::Result<EventFd> {
    Ok(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?)
}

impl Listener {
    pub(crate) fn new(signal: i32) -> io::Result<Self> {
        let bell = bell()?;
        let number = bell.as_fd().as_raw_fd();
        let mut listening = lock(&LISTENING);
        if let Some(those) = find(&mut listening, signal) {
            those.program.push(number);
            those.handler.ring(those.hung());
        } else {
            let handler = Handler::install(signal, Hung::Program(vec![number]))?;
            listening.push(Listening { signal, handler, program: vec![number], runners: Vec::new() });
        }
        Ok(Self { signal, bell })
    }

    /// Its bell once more: readable from the first signal on, until `take`.
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.bell.as_fd().try_clone_to_owned()
    }

    /// How many signals arrived since the last call.
    pub(crate) fn take(&self) -> u64 {
        self.bell.read().unwrap_or(0)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let number = self.bell.as_fd().as_raw_fd();
        // Before the bell is closed, which comes after this.
        rearrange(self.signal, |those| those.program.retain(|bell| *bell != number));
    }
}
