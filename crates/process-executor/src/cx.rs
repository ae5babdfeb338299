//! What a job can ask about itself while it runs in a worker.

use contract::Stop;
use contract::current::Stoppable;
use std::sync::atomic::{AtomicU64, Ordering};

/// The job that this worker runs; 0 between jobs.
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// The job that was asked to stop last, with [`DEADLINE`] in it if that was why. Compared with its own number by each job, so a request that comes early or late
/// never meets the wrong one.
static CANCELLED: AtomicU64 = AtomicU64::new(0);
/// More than any job's number.
pub(crate) const DEADLINE: u64 = 1 << 63;

// Relaxed throughout: the numbers are all there is, nothing else is published through them.

pub(crate) fn running() -> u64 {
    RUNNING.load(Ordering::Relaxed)
}

pub(crate) fn set_running(job: u64) {
    RUNNING.store(job, Ordering::Relaxed);
}

/// A job's number, with [`DEADLINE`] in it or not.
pub(crate) fn set_cancelled(word: u64) {
    CANCELLED.store(word, Ordering::Relaxed);
}

/// The job that runs in this worker process.
#[derive(Debug, Clone, Copy)]
pub struct JobCx {
    job: u64,
}

/// The job that runs in this process, on whichever thread it asks; `None` outside a worker.
#[must_use]
pub fn current() -> Option<JobCx> {
    Some(running()).filter(|job| *job != 0).map(JobCx::of)
}

impl JobCx {
    pub(crate) fn of(job: u64) -> Self {
        Self { job }
    }

    /// That of a task which is run by hand.
    pub(crate) fn nobody() -> Self {
        Self { job: u64::MAX >> 1 }
    }

    /// Whether somebody cancelled the job, or its deadline has passed. The worker is killed when the pool's
    /// [grace](crate::Builder::grace) is over; a job that returns before that keeps its worker alive.
    ///
    /// Costs one load: ask as often as you like.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        CANCELLED.load(Ordering::Relaxed) & !DEADLINE == self.job
    }

    /// The same, to end the job with `?`. The free function [`checkpoint`](crate::checkpoint) asks the job that runs on this
    /// thread, in a worker as in a thread pool.
    ///
    /// # Errors
    ///
    /// Why it should stop. Whatever the job returns then, its outcome is that it was stopped.
    pub fn checkpoint(&self) -> Result<(), Stop> {
        self.stop().map_or(Ok(()), Err)
    }
}

impl Stoppable for JobCx {
    fn stop(&self) -> Option<Stop> {
        let word = CANCELLED.load(Ordering::Relaxed);
        let why = if word & DEADLINE == 0 { Stop::Cancelled } else { Stop::Deadline };
        (word & !DEADLINE == self.job).then_some(why)
    }
}
