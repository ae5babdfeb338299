//! How a cancel from another thread reaches the task of a job.

use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use contract::Control;
use std::task::{Context, Waker};

pub(crate) struct Signal {
    cancelled: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Signal {
    pub(crate) fn new() -> Self {
        Self { cancelled: AtomicBool::new(false), task: Mutex::new(None) }
    }

    /// Whether a cancel has come; if not, `cx` is woken when it does.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut task = lock(&self.task);
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        drop(task);
        // The waker is in place before this look, and `signalled` sets the flag before it takes the waker: one of the two
        // sees the other, through the lock.
        self.cancelled.load(Ordering::Acquire)
    }
}

impl Control for Signal {
    fn signalled(&self) {
        self.cancelled.store(true, Ordering::Release);
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}
