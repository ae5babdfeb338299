//! Signals that tests send themselves, or stop to ignore.
#![expect(unsafe_code, reason = "raise and signal are functions of C")]

use std::ffi::c_int;

// SAFETY: so they are declared in C. Any number may be given to `raise`, and one that is no signal is an error.
unsafe extern "C" {
    safe fn raise(signal: c_int) -> c_int;
    fn signal(signal: c_int, handler: usize) -> usize;
}

/// The same number on every Linux.
pub(crate) const SIGINT: c_int = 2;

/// Sends SIGINT to this thread, so that its handler has run when this returns. Without a handler it ends the process.
pub(crate) fn interrupt() {
    let _sent = raise(SIGINT);
}

/// Has SIGPIPE end this process, as in a program that is not Rust's: Rust's `main` ignores it.
pub(crate) fn heed_sigpipe() {
    const SIGPIPE: c_int = 13;
    const SIG_DFL: usize = 0;
    // SAFETY: the handler must be one that C knows, or a function; this is the default one.
    unsafe { signal(SIGPIPE, SIG_DFL) };
}
