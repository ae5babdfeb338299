//! Numbers about a pool.

/// What a [`ThreadPool`](crate::ThreadPool) is doing and has done.
///
/// `submitted == queued + running + completed + panicked + cancelled`, but for jobs that are changing sides at that very
/// instant.
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
}
