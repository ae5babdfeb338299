//! How a pool is made.

use crate::ThreadPool;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// Makes a [`ThreadPool`]. From [`ThreadPool::builder`].
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
/// use thread_executor::ThreadPool;
///
/// let four = NonZeroUsize::new(4).unwrap();
/// let pool = ThreadPool::builder().threads(four).queue(NonZeroUsize::MIN).name("img").build();
/// assert_eq!(pool.stats().threads, 0, "threads start when there is work");
/// ```
#[derive(Debug, Clone)]
#[must_use = "`build` makes the pool"]
pub struct Builder {
    pub(crate) threads: NonZeroUsize,
    pub(crate) queue: NonZeroUsize,
    pub(crate) name: String,
}

/// Jobs that may wait in the queue, unless the builder says otherwise.
const QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");

impl Builder {
    pub(crate) fn new() -> Self {
        Self { threads: default_threads(), queue: QUEUE, name: "pool".to_owned() }
    }

    /// At most this many threads. They start one by one, when there is a job and no thread is free for it.
    ///
    /// The default is four more than the processors this program may use, and at most 32: enough for jobs that wait, not
    /// too many for jobs that compute.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// At most this many jobs wait in the queue, 1024 if nothing is said. A job leaves the queue when it starts.
    pub fn queue(mut self, jobs: NonZeroUsize) -> Self {
        self.queue = jobs;
        self
    }

    /// Threads are called `name-0`, `name-1`, …; a name is cut to keep that within the 15 bytes that Linux shows.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The pool. No thread is started yet.
    #[must_use]
    pub fn build(self) -> ThreadPool {
        ThreadPool::build(self)
    }
}

/// Python's default: `min(32, (os.process_cpu_count() or 1) + 4)`.
fn default_threads() -> NonZeroUsize {
    available_parallelism()
        .unwrap_or(NonZeroUsize::MIN)
        .saturating_add(4)
        .min(const { NonZeroUsize::new(32).unwrap() })
}
