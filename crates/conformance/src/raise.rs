//! A SIGINT for this thread.
#![expect(unsafe_code, reason = "raise is a function of C")]

use std::ffi::c_int;

// SAFETY: so it is declared in C; any number may be given to it, and one that is no signal is an error.
unsafe extern "C" {
    safe fn raise(signal: c_int) -> c_int;
}

/// The same number on every Linux.
pub(crate) const SIGINT: c_int = 2;

/// Sends SIGINT to this thread, so that its handler has run when this returns. Without a handler it ends the process.
pub(crate) fn interrupt() {
    let _sent = raise(SIGINT);
}
