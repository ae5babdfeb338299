//! Numbers about a pool, counted where things happen.

use crate::sync::{Mutex, lock};
use contract::Histogram;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// What a [`ProcessPool`](crate::ProcessPool) is doing and has done.
///
/// `submitted == queued + running + completed + panicked + failed + cancelled`, but for jobs that are changing sides at that
/// very instant.
///
/// # Python
///
/// `ProcessPoolExecutor` has none; people read `_pending_work_items` and `_processes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Processes that are there: starting, working, free, spare, or on their way out.
    pub workers: usize,
    /// Those of them that are free for the next job.
    pub idle: usize,
    /// Those of them that stand ready to take another one's place.
    pub spares: usize,
    /// Jobs that workers run, those that are to be run again included.
    pub running: usize,
    /// Jobs that wait for a worker.
    pub queued: usize,
    /// Jobs that were accepted.
    pub submitted: u64,
    /// Jobs whose function returned, and whose result arrived.
    pub completed: u64,
    /// Jobs whose function panicked.
    pub panicked: u64,
    /// Jobs that started and ended otherwise: their worker died, they were stopped, or a value did not cross.
    pub failed: u64,
    /// Jobs that never started: cancelled, past their deadline, or cut off by a shutdown.
    pub cancelled: u64,
    /// Deadlines that passed. The job is counted in `cancelled` as well if it had not started, else by the way it ends.
    pub expired: u64,
    /// Times that a job was given to another worker because the first had died.
    pub retried: u64,
    /// Workers that were started and became ready.
    pub started: u64,
    /// Workers that ended by themselves or were killed, at whatever they did; those let go on purpose are not counted.
    pub died: u64,
    /// Workers that were replaced because they had [served long enough](crate::Recycle).
    pub recycled: u64,
    /// How long jobs that a worker began had waited for it.
    pub wait: Histogram,
    /// How long they had run then, as their worker or the supervisor saw it.
    pub run: Histogram,
    /// Whether blobs are shared; if not, because the system refuses it, they are copied.
    pub shares_memory: bool,
    /// Whether the end of a worker is told by a pidfd; if not, because the system refuses it, workers are polled.
    pub has_pidfds: bool,
}

/// Each is only ever added to, or set by the supervisor.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) submitted: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) panicked: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) started: AtomicU64,
    pub(crate) died: AtomicU64,
    pub(crate) recycled: AtomicU64,
    pub(crate) workers: AtomicUsize,
    pub(crate) idle: AtomicUsize,
    pub(crate) spares: AtomicUsize,
    pub(crate) has_pidfds: AtomicBool,
    times: Mutex<Times>,
}

/// How long what took.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Times {
    wait: Histogram,
    run: Histogram,
}

impl Times {
    /// A job has ended that a worker had begun.
    pub(crate) fn record(&mut self, waited: Duration, ran: Duration) {
        self.wait.record(waited, 1);
        self.run.record(ran, 1);
    }
}

impl Counters {
    /// Notes what jobs that have ended took, before their outcomes are seen.
    pub(crate) fn note(&self, record: impl FnOnce(&mut Times)) {
        record(&mut lock(&self.times));
    }

    /// A snapshot. `queued` jobs wait at this time, and `handed` ones the supervisor has not heard of.
    pub(crate) fn stats(&self, queued: usize, handed: usize) -> Stats {
        // Relaxed: numbers for people. Nothing is published through them.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (completed, panicked) = (read(&self.completed), read(&self.panicked));
        let (failed, cancelled) = (read(&self.failed), read(&self.cancelled));
        // The last, so that no job seems to have ended that was never submitted.
        let submitted = read(&self.submitted);
        let ended = completed + panicked + failed + cancelled;
        let running = submitted.saturating_sub(ended).saturating_sub(queued as u64);
        let running = usize::try_from(running).unwrap_or(usize::MAX);
        let workers = self.workers.load(Ordering::Relaxed);
        // The supervisor may not have said yet that who was free is not any more.
        let free = self.idle.load(Ordering::Relaxed).saturating_sub(handed);
        let Times { wait, run } = *lock(&self.times);
        Stats {
            wait,
            run,
            workers,
            idle: free.min(workers.saturating_sub(running)),
            spares: self.spares.load(Ordering::Relaxed),
            running,
            queued,
            submitted,
            completed,
            panicked,
            failed,
            cancelled,
            expired: read(&self.expired),
            retried: read(&self.retried),
            started: read(&self.started),
            died: read(&self.died),
            recycled: read(&self.recycled),
            shares_memory: false,
            has_pidfds: self.has_pidfds.load(Ordering::Relaxed),
        }
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    // Relaxed: see `stats`.
    counter.fetch_add(1, Ordering::Relaxed);
}
