//! Work whose own failure is the failure of its job.

use crate::{JobError, Panic, Stop};
use std::fmt;

/// Work that gives an output, or says by itself why its job has none.
///
/// Closures that return a `Result<T, JobError>` are of this kind, and so is what an executor packs for another one: it keeps
/// its type, and comes back whole when it is refused. Submit it as [`Fallible`].
pub trait Attempt {
    /// What it yields when it succeeds.
    type Output;

    /// Does the work.
    ///
    /// # Errors
    ///
    /// What becomes the error of the job.
    fn attempt(self) -> Result<Self::Output, JobError>;
}

impl<T, F: FnOnce() -> Result<T, JobError>> Attempt for F {
    type Output = T;

    fn attempt(self) -> Result<T, JobError> {
        self()
    }
}

/// Makes the error of an [`Attempt`] the error of its job: `Job<T>` instead of `Job<Result<T, JobError>>`.
///
/// # Examples
///
/// ```
/// use contract::{Fallible, Job, JobError, Place, Submit, checkpoint};
///
/// let work = Fallible(|| -> Result<u32, JobError> {
///     checkpoint()?; // a stop ends the job as cancelled, or past its deadline
///     Ok(7)
/// });
/// let (runnable, job) = Job::package_fallible(work, &Submit::new(), Place::none(), ());
/// runnable.run();
/// assert_eq!(job.wait().unwrap(), 7);
/// ```
///
/// # Python
///
/// What every callable is there: the exception that it raises is the future's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fallible<A>(
    /// The work.
    pub A,
);

impl<A> fmt::Debug for Fallible<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallible").finish_non_exhaustive()
    }
}

/// Of work that was running, and stopped when it was asked to.
impl From<Stop> for JobError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled { started: true },
            Stop::Deadline => Self::Deadline { started: true },
        }
    }
}

/// What a job keeps until it starts, and a thread can run then: both kinds of it.
pub(crate) trait Runs<T>: Send + 'static {
    fn outcome(self) -> Result<T, JobError>;
}

impl<T, F: FnOnce() -> T + Send + 'static> Runs<T> for F {
    fn outcome(self) -> Result<T, JobError> {
        Panic::catch(self).map_err(JobError::Panicked)
    }
}

impl<T, A: Attempt<Output = T> + Send + 'static> Runs<T> for Fallible<A> {
    fn outcome(self) -> Result<T, JobError> {
        Panic::catch(|| self.0.attempt()).map_err(JobError::Panicked).flatten()
    }
}
