//! What signal handlers have in common: they ring a bell and leave no trace.

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet};
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

/// The action that calls `handler`: restarting, so that no thread's system call fails because of it.
pub(crate) fn restarting(handler: extern "C" fn(libc::c_int)) -> SigAction {
    SigAction::new(SigHandler::Handler(handler), SaFlags::SA_RESTART, SigSet::empty())
}
