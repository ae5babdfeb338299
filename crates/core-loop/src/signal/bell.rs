//! What a signal handler rings, and when that may be freed.
//!
//! The handler runs at any time, on any thread, also in the middle of `replace`. It says that it runs, then looks for the
//! bells; `replace` takes them away, then waits until nobody runs. A fence stands between the two steps on both sides, so
//! whoever comes second sees the first: either the handler finds the new bells, or `replace` sees that it runs.

use crate::sync::{AtomicPtr, AtomicUsize, Ordering, fence, yield_now};

/// The bells of one signal, of whatever kind they are; null for none.
#[derive(Debug)]
pub(super) struct Bells<T> {
    /// What is rung.
    pub(super) hung: AtomicPtr<T>,
    /// How many handlers run at this moment.
    pub(super) running: AtomicUsize,
}

impl<T> Bells<T> {
    /// For the handler: calls `ring` with the bells, if there are any; they stay as they are until it returns.
    pub(super) fn ring(&self, ring: impl FnOnce(*mut T)) {
        // Relaxed: the fence orders it before the load.
        self.running.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // Acquire: pairs with the Release in `replace`, which comes after the new bells were made.
        let hung = self.hung.load(Ordering::Acquire);
        if !hung.is_null() {
            ring(hung);
        }
        // Release: pairs with the Acquire in `replace`, so that what is rung is rung before the bells are freed.
        self.running.fetch_sub(1, Ordering::Release);
    }

    /// Hangs others, and gives those before: when this returns, no handler knows them any more. One call at a time.
    pub(super) fn replace(&self, next: *mut T) -> *mut T {
        // Relaxed: only this function writes it, and its calls are in order.
        let before = self.hung.load(Ordering::Relaxed);
        self.hung.store(next, Ordering::Release);
        fence(Ordering::SeqCst);
        // A handler is a handful of instructions; one that interrupted this very thread has ended already.
        while self.running.load(Ordering::Acquire) > 0 {
            yield_now();
        }
        before
    }
}
