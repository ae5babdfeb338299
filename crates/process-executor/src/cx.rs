//! What a job can ask about itself while it runs in a worker.

use std::sync::atomic::{AtomicU64, Ordering};

/// The job that this worker runs; 0 between jobs.
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// The job that was asked to stop last. Compared with its own number by each job, so a request that comes early or late
/// never meets the wrong one.
static CANCELLED: AtomicU64 = AtomicU64::new(0);

// Relaxed throughout: the numbers are all there is, nothing else is published through them.

pub(crate) fn running() -> u64 {
    RUNNING.load(Ordering::Relaxed)
}

pub(crate) fn set_running(job: u64) {
    RUNNING.store(job, Ordering::Relaxed);
}

pub(crate) fn set_cancelled(job: u64) {
    CANCELLED.store(job, Ordering::Relaxed);
}

/// The job that runs in this worker process.
#[derive(Debug, Clone, Copy)]
pub struct JobCx {
    job: u64,
}

/// The job that runs in this process, on whichever thread it asks; `None` outside a worker.
#[must_use]
pub fn current() -> Option<JobCx> {
    Some(running()).filter(|job| *job != 0).map(|job| JobCx { job })
}

impl JobCx {
    /// That of a task which is run by hand.
    pub(crate) fn nobody() -> Self {
        Self { job: u64::MAX }
    }

    /// Whether somebody cancelled the job, or its deadline has passed. The worker is killed when the pool's
    /// [grace](crate::Builder::grace) is over; a job that returns before that keeps its worker alive.
    ///
    /// Costs one load: ask as often as you like.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        CANCELLED.load(Ordering::Relaxed) == self.job
    }
}
