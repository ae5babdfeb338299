//! What other threads send to the loop: one push, and at most one wake of the host per batch.
//!
//! ```text
//!             push: rings the host               push
//!   EMPTY ───────────────────────────► PENDING ───────┐ (nobody rings again)
//!     ▲                                  │  ▲─────────┘
//!     └──────────────────────────────────┘
//!                 take (the loop, at the start of a turn)
//!
//!   close, from either: CLOSED; what is pushed then comes back to the pusher
//! ```
//!
//! No wake is lost: a push that finds PENDING comes before the `take` that ends it, because both hold the lock; and a
//! push that finds EMPTY rings the host, whose next poll of the root takes.

use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use std::cell::Cell;
use std::task::Waker;

/// A list of more is given back to the allocator.
const KEEP: usize = 1 << 10;

pub(crate) struct Inbox<T> {
    /// Whether there is something to take: lets the loop look without the lock. Written under it.
    pending: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: Vec<T>,
    host: Option<Waker>,
    closed: bool,
}

impl<T> Inbox<T> {
    pub(crate) fn new() -> Self {
        Self {
            pending: AtomicBool::new(false),
            state: Mutex::new(State { items: Vec::new(), host: None, closed: false }),
        }
    }

    /// Whom to ring from now on.
    pub(crate) fn set_host(&self, host: &Waker) {
        let before = lock(&self.state).host.replace(host.clone());
        drop(before);
    }

    /// Pushes what `make` gives, and rings the host if the inbox was empty. `false`, and `make` is not called, if the
    /// inbox is closed.
    pub(crate) fn push_with(&self, make: impl FnOnce() -> T) -> bool {
        let mut state = lock(&self.state);
        if state.closed {
            return false;
        }
        state.items.push(make());
        // Written under the lock only, so it cannot change between these two. Release: pairs with the Acquire in `take_into`.
        // The lock already orders the items; the flag only saves it.
        let ring = !self.pending.load(Ordering::Relaxed);
        if ring {
            self.pending.store(true, Ordering::Release);
        }
        let host = if ring { state.host.clone() } else { None };
        drop(state);
        if let Some(host) = host {
            host.wake();
        }
        true
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// Gives everything that was pushed to `take`, in order of arrival. `spare` keeps an empty list for the next time: under a
    /// flood the pusher would allocate one for each batch, which this thread would free.
    #[inline]
    pub(crate) fn take_into(&self, spare: &Cell<Vec<T>>, take: impl FnMut(T)) {
        if self.pending.load(Ordering::Acquire) {
            let mut items = self.exchange(spare.take());
            items.drain(..).for_each(take);
            if items.capacity() <= KEEP {
                spare.set(items);
            }
        }
    }

    fn exchange(&self, empty: Vec<T>) -> Vec<T> {
        let mut state = lock(&self.state);
        self.pending.store(false, Ordering::Relaxed);
        std::mem::replace(&mut state.items, empty)
    }

    /// Takes nothing more. Gives what was never taken, for its owner to drop on the right thread.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        state.closed = true;
        let host = state.host.take();
        let left = std::mem::take(&mut state.items);
        drop(state);
        drop(host);
        left
    }
}
