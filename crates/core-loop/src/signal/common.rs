//! What signal handlers have in common: they ring a bell and leave no trace; and which signals nobody may listen to.

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::unistd::write;
use std::os::fd::AsFd;

/// Runs the body of a handler between two instructions of some thread, which finds its `errno` as it left it.
pub(crate) fn unnoticed(body: impl FnOnce()) {
    let errno = Errno::last_raw();
    body();
    Errno::set_raw(errno);
}

/// Rings a bell, an `eventfd`. Safe in a handler.
pub(crate) fn ring(bell: impl AsFd) {
    // It fails only when it was rung 2⁶⁴ - 2 times.
    let _ = write(bell, &1u64.to_ne_bytes());
}

/// Whether it says that an instruction has failed: behind a handler that one would be tried again for ever.
pub(crate) fn is_fault(signal: c_int) -> bool {
    matches!(signal, libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL)
}
