//! A task that is cancelled because whoever awaits it is: the awaiter does not end before it.

use super::any::AnyTask;
use super::reference::TaskRef;
use crate::clean_up;
use crate::current::Loop;
use crate::error::Reason;
use crate::waitable::Waitable;
use std::future::poll_fn;

impl TaskRef {
    /// Whether its loop is another one than that which runs here.
    pub(crate) fn is_foreign(&self) -> bool {
        Loop::try_current().is_some_and(|here| !self.belongs_to(&here.inner().shared))
    }

    /// Asks for a cancel, and leaves it to the clean-ups of the task that is running to wait for the end.
    #[cold]
    pub(crate) fn cancel_along(&self, reason: Reason) {
        // Of a task whose future is gone nothing is asked, and it is not waited for: it may be waiting for this one. Nor is
        // one of another loop, which may stand still.
        if !self.cancel(reason) || self.is_foreign() {
            return;
        }
        // It listens, and is not the one who awaits: a handle of the task may be in use elsewhere.
        let mut task = AnyTask::of(self);
        clean_up::register_if_here(Box::pin(poll_fn(move |cx| task.poll_done(cx))));
    }
}
