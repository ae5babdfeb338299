//! Who has to tell the host that the root wants to be polled: the waker, or the one that polls.
//!
//! ```text
//!            begin             end: it waits
//!   WOKEN ──────────► POLLING ───────────────► IDLE
//!     ▲ ▲                │                      │
//!     │ └── wake ────────┘                      │     the poller sees it in `end`, and asks for a look at the I/O first
//!     └──────── wake ───────────────────────────┘     the waker wakes the host
//! ```
//!
//! A wake in WOKEN changes nothing: the poll that it asks for is on its way. So a batch of wakes is one wake of the host.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

const WOKEN: u8 = 0;
const POLLING: u8 = 1;
const IDLE: u8 = 2;

/// The state of the root between two threads: the loop's, which polls, and any other, which wakes.
#[derive(Debug)]
pub(crate) struct Turn(AtomicU8);

impl Turn {
    /// A root that was never polled: the host is about to.
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(WOKEN))
    }

    /// Takes note of a wake. `true`: the caller must wake the host.
    pub(crate) fn wake(&self) -> bool {
        // Release: what the waking thread did before is seen by the poll, whose `begin` acquires. Acquire is not needed:
        // the waker reads nothing of the root's.
        self.0.swap(WOKEN, Ordering::Release) == IDLE
    }

    /// A poll of the root begins.
    pub(crate) fn begin(&self) {
        // Acquire: pairs with the Release in `wake`. A swap and not a store, so that it reads the last wake's write.
        self.0.swap(POLLING, Ordering::Acquire);
    }

    /// A poll of the root has ended, and the root waits. `true`: it was woken meanwhile, so the caller must poll again.
    pub(crate) fn end(&self) -> bool {
        // Relaxed: a wake that is seen here is acquired by the `begin` that follows.
        self.0.compare_exchange(POLLING, IDLE, Ordering::Relaxed, Ordering::Relaxed).is_err()
    }
}
