//! The job that runs on this thread: what [`checkpoint`](crate::checkpoint) asks.
//!
//! [`Runnable`](crate::Runnable) enters by itself; an executor whose work runs elsewhere, in a worker process for example,
//! does so there.

use crate::Stop;
use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// A job that runs, and may have been asked to stop.
pub trait Stoppable: Send + Sync {
    /// Whether it was, and by what.
    fn stop(&self) -> Option<Stop>;
}

#[cfg(not(loom))]
thread_local! {
    /// The job that runs on this thread, within the waits of what others.
    /// Without a destructor, so that destructors of other thread-locals may still run jobs. Nothing is lost by it: every
    /// guard puts back what was there before.
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<dyn Stoppable>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}
#[cfg(loom)]
loom::thread_local! {
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<dyn Stoppable>>>> = ManuallyDrop::new(RefCell::new(None));
}

/// Asks the job that runs on this thread.
pub(crate) fn with<T>(ask: impl FnOnce(Option<&Arc<dyn Stoppable>>) -> T) -> T {
    CURRENT.with(|current| ask(current.borrow().as_ref()))
}

/// This thread runs `job` until the guard is dropped: [`checkpoint`](crate::checkpoint) asks it.
#[must_use = "the job is left when the guard is dropped"]
pub fn enter(job: Arc<dyn Stoppable>) -> Current {
    Current { before: CURRENT.with(|current| current.replace(Some(job))) }
}

/// Restores the job before. Made by [`enter`].
pub struct Current {
    before: Option<Arc<dyn Stoppable>>,
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        // Dropped after the exchange: it may be the last that holds what others put into the job.
        let ended = CURRENT.with(|current| current.replace(self.before.take()));
        drop(ended);
    }
}
