//! Signals: who listens, and Ctrl-C.

mod bell;
mod common;
mod handler;
mod handlers;

pub(crate) use common::{is_fault, ring, unnoticed};

use crate::Descriptor;
use crate::sync::{AtomicBool, Mutex, lock};
use handler::{Handler, Hung};
use nix::libc::SIGINT;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering;

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
    let listener = Listener::new(SIGINT, Kind::Program)?;
    let descriptor = Descriptor::new(listener.duplicate()?)?;
    descriptor.readable().await
}

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code of the program, which says what the signal does.
    Program,
    /// A runner, while no code of the program listens. It hears the signal once; the next one is for the kernel.
    Runner,
}

/// Hears a signal until it is dropped.
pub(crate) struct Listener {
    signal: i32,
    kind: Kind,
    /// Rung by the handler; counts the signals that nobody has taken note of yet.
    bell: EventFd,
}

/// Those who listen to one signal now, and the handler, for as long as there is one of them.
struct Listening {
    handler: Handler,
    program: Vec<RawFd>,
    runners: Vec<RawFd>,
}

static LISTENING: Mutex<BTreeMap<i32, Listening>> = Mutex::new(BTreeMap::new());

/// The runners that listen have been told. Mostly there is one, on the main thread; a run that begins is heard anew.
static RUNNER_TOLD: AtomicBool = AtomicBool::new(false);

impl Listening {
    fn of(&mut self, kind: Kind) -> &mut Vec<RawFd> {
        match kind {
            Kind::Program => &mut self.program,
            Kind::Runner => &mut self.runners,
        }
    }

    /// Whom the signal reaches.
    fn hung(&self) -> Hung {
        match self.program.is_empty() {
            true => Hung { bells: self.runners.clone(), once: Some(&RUNNER_TOLD) },
            false => Hung { bells: self.program.clone(), once: None },
        }
    }
}

impl Listener {
    pub(crate) fn new(signal: i32, kind: Kind) -> io::Result<Self> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let number = bell.as_fd().as_raw_fd();
        let mut listening = lock(&LISTENING);
        if let Some(those) = listening.get_mut(&signal) {
            those.of(kind).push(number);
            those.handler.ring(those.hung());
        } else {
            let once = (kind == Kind::Runner).then_some(&RUNNER_TOLD);
            let handler = Handler::install(signal, Hung { bells: vec![number], once })?;
            let mut those = Listening { handler, program: Vec::new(), runners: Vec::new() };
            those.of(kind).push(number);
            listening.insert(signal, those);
        }
        Ok(Self { signal, kind, bell })
    }

    /// For a runner. Unless it was `asked` for: if Ctrl-C would end the program, were it not for code of this crate.
    pub(crate) fn of_runner(asked: bool) -> io::Result<Option<Self>> {
        let ends_the_program = || match lock(&LISTENING).get(&SIGINT) {
            Some(those) => those.handler.was_default(),
            None => handler::is_default(SIGINT),
        };
        if !asked && !ends_the_program() {
            return Ok(None);
        }
        // Relaxed: the handler that reads it is told of this listener later, in a way that orders it.
        RUNNER_TOLD.store(false, Ordering::Relaxed);
        Self::new(SIGINT, Kind::Runner).map(Some)
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

/// The last to leave restores what was there before.
impl Drop for Listener {
    fn drop(&mut self) {
        let number = self.bell.as_fd().as_raw_fd();
        let mut listening = lock(&LISTENING);
        let those = listening.get_mut(&self.signal).expect("this one listens");
        those.of(self.kind).retain(|bell| *bell != number);
        if those.program.is_empty() && those.runners.is_empty() {
            listening.remove(&self.signal);
        } else {
            // When this returns, the handler does not know the bell any more, and it may be closed.
            those.handler.ring(those.hung());
        }
    }
}
