//! How an executor ends: always within its grace, and with a report.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Ends an executor. Implemented by every executor; object-safe, and without the work's type.
///
/// # Python
///
/// `Executor.shutdown(wait=…, cancel_futures=…)`. There a stuck job makes it wait for ever; here the grace bounds it.
pub trait Shutdown {
    /// Stops accepting work, waits at most `grace` for what was accepted, and tells how it went. Blocks this thread;
    /// calling it again changes nothing and reports what is still running.
    ///
    /// What is still queued when the grace is over ends with [`JobError::Shutdown`](crate::JobError::Shutdown).
    /// Threads that still run are left behind and named; worker processes are killed.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop, which it would block: use `to_thread` there.
    fn shutdown(&self, how: Drain, grace: Duration) -> Report;
}

/// What becomes of queued work at a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// All that was accepted still runs. Python: `shutdown(wait=True)`.
    Queued,
    /// Only what has started still runs; the queue is cancelled. Python: `shutdown(wait=True, cancel_futures=True)`.
    Started,
}

/// How a shutdown went.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// How many queued jobs never ran.
    pub cancelled: usize,
    /// What was still running when the grace was over.
    pub stragglers: Vec<Straggler>,
}

impl Report {
    /// Everything that was accepted has ended, and nothing was cancelled.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.cancelled == 0 && self.stragglers.is_empty()
    }
}

/// A job that outlived its executor's grace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Straggler {
    /// The job's label.
    pub label: Option<Cow<'static, str>>,
    /// The thread, process or task that runs it.
    pub worker: String,
    /// How long it has been running.
    pub age: Duration,
}

impl Straggler {
    /// A job labelled `label` that `worker` has been running for `age`.
    #[must_use]
    pub fn new(label: Option<Cow<'static, str>>, worker: impl Into<String>, age: Duration) -> Self {
        Self { label, worker: worker.into(), age }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cancelled, {} still running", self.cancelled, self.stragglers.len())?;
        for Straggler { label, worker, age } in &self.stragglers {
            write!(f, "\n  {worker}: `{}` for {age:?}", label.as_deref().unwrap_or("(no label)"))?;
        }
        Ok(())
    }
}
