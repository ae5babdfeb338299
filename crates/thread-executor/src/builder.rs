//! How a pool is made.

use crate::core::Limits;
use crate::sys::{self, Affinity};
use crate::{ThreadPool, threads::thread_name};
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

/// What a thread runs before its first job.
pub(crate) type OnStart = Arc<dyn Fn(usize) + Send + Sync>;

/// Makes a [`ThreadPool`]. From [`ThreadPool::builder`], [`ThreadPool::cpu`] or [`ThreadPool::blocking`].
///
/// # Examples
///
/// ```
/// use std::{num::NonZeroUsize, time::Duration};
/// use thread_executor::{Affinity, ThreadPool};
///
/// let pool = ThreadPool::builder()
///     .threads_between(1..=8)
///     .idle_timeout(Duration::from_secs(10))
///     .queue(NonZeroUsize::new(4096).unwrap())
///     .name("img")
///     .stack_size(1 << 20)
///     .nice(5)
///     .affinity(Affinity::Spread)
///     .on_thread_start(|index| println!("thread {index} begins"))
///     .try_build()?;
/// assert_eq!(pool.stats().threads, 0, "threads start when there is work");
/// # Ok::<(), thread_executor::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "`build` makes the pool"]
pub struct Builder {
    pub(crate) threads: RangeInclusive<usize>,
    pub(crate) queue: NonZeroUsize,
    pub(crate) name: String,
    pub(crate) idle: Option<Duration>,
    pub(crate) spin: Option<Duration>,
    pub(crate) spare: Option<usize>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) nice: Option<i32>,
    pub(crate) affinity: Affinity,
    pub(crate) on_start: Option<OnStart>,
}

/// Jobs that may wait in the queue, unless the builder says otherwise.
const QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");

/// As long as tokio's idle threads stay for blocking calls.
const IDLE: Duration = Duration::from_secs(10);

/// Threads that wait for a device or a peer cost little; so many of them are enough for most programs.
const BLOCKING_THREADS: usize = 64;

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            threads: 0..=default_threads(),
            queue: QUEUE,
            name: "pool".to_owned(),
            idle: None,
            spin: None,
            spare: None,
            stack_size: None,
            nice: None,
            affinity: Affinity::default(),
            on_start: None,
        }
    }

    pub(crate) fn cpu() -> Self {
        Self { threads: 0..=processors(), name: "cpu".to_owned(), ..Self::new() }
    }

    pub(crate) fn blocking() -> Self {
        let threads = 0..=(processors() * 8).max(BLOCKING_THREADS);
        Self { threads, name: "blocking".to_owned(), idle: Some(IDLE), ..Self::new() }
    }

    /// At most this many threads. They start one by one, when there is a job and no thread is free for it.
    ///
    /// The default is four more than the processors this program may use, and at most 32: enough for jobs that wait, not
    /// too many for jobs that compute.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = 0..=threads.get();
        self
    }

    /// At least and at most this many threads. None is started before there is work; the least number stay once they are
    /// there, also past the [idle timeout](Self::idle_timeout).
    pub fn threads_between(mut self, threads: RangeInclusive<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// A thread that has had no job for this long ends. Unless it is said, threads stay, but for those of
    /// [`ThreadPool::blocking`], which end after 10 s.
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// At most this many jobs wait in the queue, 1024 if nothing is said. A job leaves the queue when it starts.
    ///
    /// What happens when it is full is the submitter's choice: [`try_submit`](crate::ExecutorExt::try_submit) is refused and
    /// gets the closure back, [`submit`](crate::ExecutorExt::submit) waits for room, and
    /// [`submit_or_run_here`](ThreadPool::submit_or_run_here) does the work itself.
    pub fn queue(mut self, jobs: NonZeroUsize) -> Self {
        self.queue = jobs;
        self
    }

    /// Threads are called `name-0`, `name-1`, …; a name is cut to keep that within the 15 bytes that Linux shows.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A thread that is idle waits awake for the next job for this long before it sleeps; one thread at a time, and not on
    /// a machine with one processor. `ZERO`: never.
    ///
    /// Unless it is said, the pool learns from the waits before whether that pays, and takes 50 µs at most. A wait awake
    /// that is told burns a processor for that long each time the pool falls idle, and spares the next job a wake, which
    /// between processors takes tens of microseconds.
    pub fn spin(mut self, longest: Duration) -> Self {
        self.spin = Some(longest);
        self
    }

    /// At most this many threads beyond the most, while others are in [`blocking`](fn@crate::blocking) sections, wait for
    /// jobs or locks, or are lost to a job whose deadline passed while it ran. As many as the most, unless it is said.
    ///
    /// Where all that are left wait, one more comes in any case: the pool does not stand still.
    pub fn spare(mut self, threads: usize) -> Self {
        self.spare = Some(threads);
        self
    }

    /// Bytes of stack for each thread; 2 MiB unless it is said, as for every thread of Rust.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// How polite the threads are, from -20 to 19: the higher, the less they get of a busy processor. Only on Linux; below
    /// what the program may ask for it changes nothing. Unless it is said, a thread is as polite as the one that had it
    /// started, which may be any that submits.
    pub fn nice(mut self, nice: i32) -> Self {
        self.nice = Some(nice);
        self
    }

    /// Which processors the threads run on. Unless it is said, those on which whoever builds the pool may run.
    pub fn affinity(mut self, affinity: Affinity) -> Self {
        self.affinity = affinity;
        self
    }

    /// Runs `prepare` on each thread before its first job, with the thread's index.
    ///
    /// If it panics, the pool is broken: whatever waits ends with [`JobError::Initializer`](crate::JobError::Initializer),
    /// and nothing more is taken in ([`Reject::Broken`](crate::Reject::Broken)). If it blocks, so does its thread alone: jobs
    /// wait for it only when no other thread may be started.
    ///
    /// # Python
    ///
    /// `initializer`, whose failure leaves jobs pending for ever if one of them was cancelled.
    pub fn on_thread_start(mut self, prepare: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start = Some(Arc::new(prepare));
        self
    }

    /// The pool. No thread is started yet.
    ///
    /// # Panics
    ///
    /// If it cannot be as described: [`try_build`](Self::try_build) says so without a panic.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> ThreadPool {
        match self.try_build() {
            Ok(pool) => pool,
            Err(error) => panic!("{error}"),
        }
    }

    /// The pool, if it can be as described. No thread is started yet.
    ///
    /// # Errors
    ///
    /// What about it cannot be.
    pub fn try_build(self) -> Result<ThreadPool, BuildError> {
        let (min, max) = (*self.threads.start(), *self.threads.end());
        if max == 0 {
            return Err(BuildError::NoThreads);
        }
        if min > max {
            return Err(BuildError::MinAboveMax { min, max });
        }
        if let Some(nice) = self.nice.filter(|nice| !(-20..=19).contains(nice)) {
            return Err(BuildError::Nice(nice));
        }
        if let Affinity::Only(wanted) = &self.affinity {
            let there = sys::processors();
            let missing = wanted.iter().find(|processor| !there.is_empty() && !there.contains(processor));
            if let Some(processor) = missing {
                return Err(BuildError::NoProcessor { processor: *processor, there });
            }
            if wanted.is_empty() {
                return Err(BuildError::NoProcessors);
            }
        }
        Ok(ThreadPool::build(self))
    }

    pub(crate) fn limits(&self) -> Limits {
        let threads_max = *self.threads.end();
        Limits {
            threads_min: *self.threads.start(),
            threads_max,
            spare: self.spare.unwrap_or(threads_max),
            idle: self.idle,
            spin: self.spin,
            // Here, since a thread of the pool may be kept to one processor.
            spin_pays: contract::spin::pays_here(),
            initializer: self.on_start.is_some(),
        }
    }
}

/// Why a pool cannot be as it was described.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// It would never run anything.
    NoThreads,
    /// The least number of threads is above the most.
    MinAboveMax {
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// There is no such politeness.
    Nice(i32),
    /// No processor is left for its threads.
    NoProcessors,
    /// This program may not use that processor.
    NoProcessor {
        /// The one that was asked for.
        processor: usize,
        /// Those that it may use.
        there: Vec<usize>,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoThreads => f.write_str("a pool of no threads runs nothing: allow at least one"),
            Self::MinAboveMax { min, max } => {
                write!(f, "at least {min} and at most {max} threads: the first must not be above the second")
            }
            Self::Nice(nice) => write!(f, "{nice} is no niceness: it goes from -20 to 19"),
            Self::NoProcessors => {
                f.write_str("threads that may run on no processor: name one, or take `Affinity::Any`")
            }
            Self::NoProcessor { processor, there } => {
                write!(f, "processor {processor} is not among those that this program may use: {there:?}")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// Processors this program may use, the quota of its control group included.
fn processors() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Python's default: `min(32, (os.process_cpu_count() or 1) + 4)`.
fn default_threads() -> usize {
    processors().saturating_add(4).min(32)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("threads", &self.threads)
            .field("queue", &self.queue)
            .field("names", &thread_name(&self.name, "0"))
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
