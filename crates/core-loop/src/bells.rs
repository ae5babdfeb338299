//! Waiting for many with one waker: each has a bell of its own, and only those that rang are looked at, in the order in
//! which they rang.

use crate::sync::{Mutex, lock};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

#[derive(Clone)]
pub(crate) struct Bells(Arc<Mutex<Rung>>);

struct Rung {
    indices: VecDeque<usize>,
    waiter: Option<Waker>,
}

struct Bell {
    index: usize,
    bells: Bells,
}

impl Bells {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Rung { indices: VecDeque::new(), waiter: None })))
    }

    /// The waker that rings the bell `index`.
    pub(crate) fn waker(&self, index: usize) -> Waker {
        Waker::from(Arc::new(Bell { index, bells: self.clone() }))
    }

    pub(crate) fn ring(&self, index: usize) {
        let mut rung = lock(&self.0);
        rung.indices.push_back(index);
        let waiter = rung.waiter.take();
        drop(rung);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// The next that rang.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<usize> {
        let mut fresh: Option<Waker> = None;
        loop {
            let mut rung = lock(&self.0);
            if let Some(index) = rung.indices.pop_front() {
                return Poll::Ready(index);
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

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.bells.ring(self.index);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.index);
    }
}
