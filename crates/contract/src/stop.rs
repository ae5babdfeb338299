//! The other side of a cancel: work that runs asks whether it should stop.

use crate::current::{self, Stoppable};
use std::fmt;
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
    current::with(|job| job.and_then(|job| job.stop())).map_or(Ok(()), Err)
}

/// What [`checkpoint`] asks, for other threads that work for the same job.
#[derive(Clone)]
pub struct StopToken(Option<Arc<dyn Stoppable>>);

impl StopToken {
    /// Of the job that runs on this thread. Outside of any job it never says stop.
    #[must_use]
    pub fn current() -> Self {
        Self(current::with(|job| job.cloned()))
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
