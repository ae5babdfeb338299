//! Whom to wake on this thread.

use super::reference::TaskRef;
use crate::exception;
use std::task::Waker;

/// A waker that stays on this thread. If it is a task's of a loop that runs here, neither holding nor waking it costs an
/// atomic operation.
pub(crate) enum Waiter {
    Task(TaskRef),
    Other(Waker),
}

impl Waiter {
    #[inline]
    pub(crate) fn of(waker: &Waker) -> Self {
        TaskRef::of(waker).map_or_else(|| Self::Other(waker.clone()), Self::Task)
    }

    /// Does not panic: a waker of somebody else's that does is reported.
    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Self::Task(task) => task.schedule(),
            Self::Other(waker) => wake_shielded(waker),
        }
    }

    pub(crate) fn will_wake(&self, other: &Waker) -> bool {
        match self {
            Self::Task(task) => task.is_woken_by(other),
            Self::Other(waker) => waker.will_wake(other),
        }
    }
}

#[cold]
fn wake_shielded(waker: Waker) {
    exception::shielded("a waker panicked", || waker.wake());
}
