//! Whom to wake on this thread.

use super::reference::TaskRef;
use crate::current::Loop;
use crate::exception;
use std::task::Waker;

/// What a task that awaits itself is told.
pub(super) const SELF_AWAIT: &str = "a task cannot await itself, it would wait for ever: return what it is to give, or await \
                                     it in another task";

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

    /// Whether whoever waits is this task: in its future, or in a clean-up.
    #[inline]
    pub(super) fn is_of(&self, task: &TaskRef) -> bool {
        match self {
            Self::Task(waiting) => waiting.as_ptr() == task.as_ptr(),
            // Behind somebody else's waker: of a combinator, for example.
            Self::Other(_) => is_current(task),
        }
    }

    /// Does not panic: a waker of somebody else's that does is reported.
    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Self::Task(task) => task.schedule(),
            Self::Other(waker) => wake_other(waker),
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
fn is_current(task: &TaskRef) -> bool {
    let current = Loop::try_current().and_then(|lp| lp.inner().current.get());
    current.is_some_and(|current| current.as_ptr() == task.as_ptr())
}

#[cold]
fn wake_other(waker: Waker) {
    exception::wake(waker);
}
