//! Many that one waits for: each has a bell, and only those whose bell rang are looked at.
//!
//! ```text
//!             wake: goes onto the list, and wakes whoever waits
//!   SILENT ───────────────────────────────────────────────────► RUNG ──┐ wake: nothing
//!      ▲                                                        │  ▲───┘
//!      └────────────────────────────────────────────────────────┘
//!           heard: whoever waits is about to look
//! ```

use crate::exception;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The bells of one who waits.
#[derive(Default)]
pub(crate) struct Bells(Arc<Mutex<Rung>>);

/// Who rang since the last answer, in order.
#[derive(Default)]
struct Rung {
    ids: VecDeque<usize>,
    waiter: Option<Waker>,
}

/// The bell of one that is waited for: a waker of its own.
#[derive(Clone)]
pub(crate) struct Bell(Arc<Wire>);

struct Wire {
    id: usize,
    rung: AtomicBool,
    list: Arc<Mutex<Rung>>,
}

impl Bells {
    /// A bell for `id`. A new one is silent.
    pub(crate) fn bell(&self, id: usize) -> Bell {
        Bell(Arc::new(Wire { id, rung: AtomicBool::new(false), list: self.0.clone() }))
    }

    /// Those whose bells rang since this was asked last, in order; the next ring wakes `cx`.
    pub(crate) fn answer(&self, cx: &Context<'_>) -> VecDeque<usize> {
        let waiter = cx.waker().clone();
        let mut rung = lock(&self.0);
        let ids = std::mem::take(&mut rung.ids);
        let before = rung.waiter.replace(waiter);
        drop(rung);
        // A foreign destructor, perhaps: not under the lock.
        drop(before);
        ids
    }

    /// The next whose bell rang, for one who looks at them one by one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<usize> {
        let mut fresh: Option<Waker> = None;
        loop {
            let mut rung = lock(&self.0);
            if let Some(id) = rung.ids.pop_front() {
                return Poll::Ready(id);
            }
            if let Some(waiter) = fresh.take() {
                let stale = rung.waiter.replace(waiter);
                drop(rung);
                drop(stale);
                return Poll::Pending;
            }
            // A waker is foreign code: cloned without the lock, and then everything is looked at again.
            drop(rung);
            fresh = Some(cx.waker().clone());
        }
    }

    /// Nobody waits any more: a waker kept here would keep its task alive.
    pub(crate) fn forget_waiter(&self) {
        let waiter = lock(&self.0).waiter.take();
        drop(waiter);
    }
}

impl Bell {
    /// A waker that rings it.
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Rings it.
    pub(crate) fn ring(&self) {
        self.0.wake_by_ref();
    }

    /// Silences it. Called before its owner is looked at: a ring from now on counts again.
    pub(crate) fn heard(&self) {
        // AcqRel: pairs with the one in `wake_by_ref`. Also a wake that found it rung publishes what came before it: the
        // exchange here comes after that one, so the look that follows sees it.
        self.0.rung.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Wire {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut rung = lock(&self.list);
        rung.ids.push_back(self.id);
        let waiter = rung.waiter.take();
        drop(rung);
        if let Some(waiter) = waiter {
            exception::wake(waiter);
        }
    }
}
