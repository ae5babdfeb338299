//! The other side of a cancel: work that runs asks whether it should stop.

use crate::job::Erased;
use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// Why work should stop. An error, so that `checkpoint()?` ends the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// Somebody cancelled the job.
    Cancelled,
    /// The job's deadline has passed: nobody waits for its output any more.
    Deadline,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the job was cancelled while it was running",
            Self::Deadline => "the job's deadline passed while it was running",
        })
    }
}

impl std::error::Error for Stop {}

/// Whether the job that runs on this thread should go on: to be asked now and then by work that takes long.
///
/// A thread cannot be stopped from outside. Work that asks can stop by itself: it costs some ten nanoseconds. Outside of any
/// job it always goes on. On another thread that works for the job, ask a [`StopToken`].
///
/// # Errors
///
/// Why it should stop. What the work returns then is its output as ever; after a deadline nobody sees it.
///
/// # Examples
///
/// ```
/// use contract::{Cancel, Job, Place, Stop, Submit, checkpoint};
/// use std::sync::mpsc::channel;
///
/// let (begins, begun) = channel();
/// let work = move || -> Result<u64, Stop> {
///     begins.send(()).unwrap();
///     for step in 0.. {
///         checkpoint()?;
///         std::hint::black_box(step);
///     }
///     Ok(0)
/// };
/// let (runnable, job) = Job::package(work, &Submit::new(), Place::none(), ());
/// let thread = std::thread::spawn(|| runnable.run());
/// begun.recv().unwrap();
/// assert_eq!(job.cancel(), Cancel::Signalled);
/// assert_eq!(job.wait().unwrap(), Err(Stop::Cancelled));
/// # thread.join().unwrap();
/// ```
///
/// # Python
///
/// None: a running `concurrent.futures.Future` cannot be cancelled.
pub fn checkpoint() -> Result<(), Stop> {
    CURRENT.with(|current| current.borrow().as_ref().and_then(|job| job.stop())).map_or(Ok(()), Err)
}

/// What [`checkpoint`] asks, for other threads that work for the same job.
#[derive(Clone)]
pub struct StopToken(Option<Arc<dyn Erased>>);

impl StopToken {
    /// Of the job that runs on this thread. Outside of any job it never says stop.
    #[must_use]
    pub fn current() -> Self {
        Self(CURRENT.with(|current| current.borrow().clone()))
    }

    /// Whether the job should go on.
    ///
    /// # Errors
    ///
    /// Why it should stop.
    pub fn checkpoint(&self) -> Result<(), Stop> {
        self.0.as_ref().and_then(|job| job.stop()).map_or(Ok(()), Err)
    }
}

impl fmt::Debug for StopToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StopToken").field(&self.checkpoint()).finish()
    }
}

#[cfg(not(loom))]
thread_local! {
    /// The job that runs on this thread, within the waits of what others.
    /// Without a destructor, so that destructors of other thread-locals may still run jobs. Nothing is lost by it: every
    /// guard puts back what was there before.
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<dyn Erased>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}
#[cfg(loom)]
loom::thread_local! {
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<dyn Erased>>>> = ManuallyDrop::new(RefCell::new(None));
}

/// This thread runs `job` until the guard is dropped.
pub(crate) fn enter(job: Arc<dyn Erased>) -> Current {
    Current { before: CURRENT.with(|current| current.replace(Some(job))) }
}

/// Restores the job before. Made by [`enter`].
pub(crate) struct Current {
    before: Option<Arc<dyn Erased>>,
}

impl Drop for Current {
    fn drop(&mut self) {
        // Dropped after the exchange: it may be the last that holds what others put into the job.
        let ended = CURRENT.with(|current| current.replace(self.before.take()));
        drop(ended);
    }
}
