//! Numbers about a pool.

use crate::Histogram;
use crate::core::Snapshot;
use contract::Priority;

/// What a [`ThreadPool`](crate::ThreadPool) is doing and has done, at one instant.
///
/// `submitted == queued + running + completed + panicked + cancelled`, but for jobs that are withdrawn at that very instant.
///
/// # Python
///
/// `ThreadPoolExecutor` has none; people read `_work_queue.qsize()` and `len(_threads)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Threads that have been started and have not ended.
    pub threads: usize,
    /// Those of them that are free for the next job.
    pub idle: usize,
    /// Those of them that are lost to a job whose deadline passed while it ran, until it ends.
    pub abandoned: usize,
    /// Jobs that run, those within the wait of another job or within
    /// [`submit_or_run_here`](crate::ThreadPool::submit_or_run_here) included.
    pub running: usize,
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// Jobs that were accepted.
    pub submitted: u64,
    /// Jobs whose work returned, also if nobody wanted its output any more.
    pub completed: u64,
    /// Jobs whose work panicked.
    pub panicked: u64,
    /// Jobs that never started: cancelled, past their deadline, or cut off by a shutdown.
    pub cancelled: u64,
    /// Deadlines that passed. The job is counted in `cancelled` as well if it had not started; else its work runs on and
    /// is counted by the way it ends.
    pub expired: u64,
    lanes: [Lane; 3],
}

/// What [`Stats`] knows of the jobs of one priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lane {
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// How long jobs that have ended had waited.
    ///
    /// Of those that a thread submitted while every thread was busy one in eight is timed, and counts for eight: a look at
    /// the clock would cost more than the rest of a submission.
    pub wait: Histogram,
    /// How long jobs that have ended had run.
    pub run: Histogram,
}

impl Stats {
    pub(crate) fn new(now: &Snapshot, expired: u64) -> Self {
        let queued = now.queued.iter().sum();
        let ended = now.counts.completed + now.counts.panicked + now.cancelled;
        Self {
            threads: now.threads,
            idle: now.idle,
            abandoned: now.abandoned,
            running: now.running,
            queued,
            submitted: (queued + now.running) as u64 + ended,
            completed: now.counts.completed,
            panicked: now.counts.panicked,
            cancelled: now.cancelled,
            expired,
            lanes: std::array::from_fn(|lane| Lane {
                queued: now.queued[lane],
                wait: now.counts.wait[lane],
                run: now.counts.run[lane],
            }),
        }
    }

    /// What is known of the jobs of this priority.
    #[must_use]
    pub fn lane(&self, priority: Priority) -> &Lane {
        &self.lanes[priority as usize]
    }
}
