//! Which descriptor the signal handler writes to, and when the one before may be closed.
//!
//! The handler runs at any time, on any thread, also in the middle of `replace`. It says that it runs, then looks for the
//! bell; `replace` takes the bell away, then waits until nobody runs. A fence stands between the two steps on both sides,
//! so whoever comes second sees the first: either the handler finds the new bell, or `replace` sees that it runs.

use crate::sync::{AtomicI32, AtomicUsize, Ordering, fence, yield_now};

/// No descriptor.
pub(super) const NONE: i32 = -1;

#[derive(Debug)]
pub(super) struct Bell {
    /// Where to write.
    pub(super) descriptor: AtomicI32,
    /// How many handlers run at this moment.
    pub(super) running: AtomicUsize,
}

impl Bell {
    /// For the handler: calls `write` with the descriptor, which stays open until it returns.
    pub(super) fn ring(&self, write: impl FnOnce(i32)) {
        // Relaxed: the fence orders it before the load.
        self.running.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // Acquire: pairs with the Release in `replace`, which comes after the new bell was made.
        match self.descriptor.load(Ordering::Acquire) {
            NONE => {}
            descriptor => write(descriptor),
        }
        // Release: pairs with the Acquire in `replace`, so that what is written is written before the bell is closed.
        self.running.fetch_sub(1, Ordering::Release);
    }

    /// When this returns, no handler writes to the descriptor before.
    pub(super) fn replace(&self, next: i32) {
        self.descriptor.store(next, Ordering::Release);
        fence(Ordering::SeqCst);
        // A handler is a handful of instructions; one that interrupted this very thread has ended already.
        while self.running.load(Ordering::Acquire) > 0 {
            yield_now();
        }
    }
}
