//! The signal handler behind dumps: it rings a bell that is never closed, and nothing else.
#![expect(unsafe_code, reason = "signal handlers are beyond what the compiler can check")]

use crate::signal::{is_fault, ring, unnoticed};
use nix::libc;
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, getpid};
use std::io;
use std::sync::OnceLock;

/// The process that listens, and its bell. Set before a handler is installed, and never changed.
static BELL: OnceLock<(Pid, EventFd)> = OnceLock::new();

/// The bell of this process; the first one counts.
pub(super) fn set_bell(bell: EventFd) -> &'static EventFd {
    &BELL.get_or_init(|| (getpid(), bell)).1
}

extern "C" fn on_signal(_: libc::c_int) {
    unnoticed(|| {
        // `get` of a lock that was set is one load. In a forked child nobody listens, and the bell is the parent's.
        if let Some((owner, bell)) = BELL.get()
            && *owner == getpid()
        {
            ring(bell);
        }
    });
}

/// From now on `signal` rings the bell.
pub(super) fn install(signal: i32) -> io::Result<()> {
    let signal = Signal::try_from(signal)?;
    if is_fault(signal as i32) {
        let why = format!("{signal} says that an instruction has failed: take SIGUSR1, or SIGQUIT");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    // Restarting, so that no thread's system call fails because of it.
    let ours = SigAction::new(SigHandler::Handler(on_signal), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler only does what is safe in one: `getpid`, `write`, and a load; it allocates nothing, takes no
    // lock, cannot unwind, and puts `errno` back.
    unsafe { sigaction(signal, &ours) }?;
    Ok(())
}
