//! Handing a descriptor to tokio's epoll: the only unsafe code in this crate.
#![expect(
    unsafe_code,
    reason = "tokio takes any AsRawFd and has the caller answer for the descriptor's life"
)]

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use tokio::io::unix::AsyncFd;

/// Watches `descriptor` for both directions, in the runtime that is entered.
pub(crate) fn register(descriptor: Rc<OwnedFd>) -> io::Result<AsyncFd<Rc<OwnedFd>>> {
    // SAFETY: the descriptor must be open, stay open and stay the same for as long as the `AsyncFd` lives. It is open
    // and stays so: an `OwnedFd` closes only when dropped, and the `AsyncFd` holds a share of it. It stays the same:
    // an `OwnedFd` behind an `Rc` cannot be replaced.
    Ok(unsafe { AsyncFd::register(descriptor) }?)
}
