//! The pool: submit, refuse, close.

use crate::builder::Builder;
use crate::queue::{Queue, Refusal};
use crate::stats::Stats;
use crate::threads::{Threads, own_seat, thread_name};
use crate::timers::Timers;
use contract::role::{self, Role};
use contract::{
    Drain, Executor, ExecutorExt, Job, Place, Reject, Rejected, Report, Room, Shutdown, Slots, Submit,
};
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Runs closures on threads of its own. Cloning gives another handle to the same pool.
///
/// Threads start when there is work and none is free, up to the number the pool was made with; they are reused and stay.
/// The queue is bounded: [`try_submit`](ExecutorExt::try_submit) gives the closure back when it is full,
/// [`submit`](ExecutorExt::submit) waits for room. A job holds its place until it starts or is cancelled.
///
/// A job that waits for another job of its own pool runs queued jobs meanwhile, so that it cannot starve the pool.
/// A thread cannot be stopped: cancelling a job that runs changes nothing, and a
/// [deadline](Submit::deadline) that passes while it runs completes the [`Job`] while the work runs on. Work that must
/// be stopped belongs into a process.
///
/// What a job leads to runs on the thread that completes it: the callbacks of [`Job::on_done`] and the wakers of whoever
/// waits, for a deadline on the pool's timer thread. Keep them short.
///
/// # Dropping the pool
///
/// Dropping the last handle closes the pool and returns at once. Everything that was accepted still runs, and the threads
/// end after it. A program that ends does not wait for them: call [`shutdown`](Shutdown::shutdown) to wait.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thread_executor::{Drain, ExecutorExt, JobError, Shutdown, Submit, ThreadPool, block_on};
///
/// let pool = ThreadPool::default();
/// let job = pool.try_submit(|| 6 * 7).expect("there is room");
/// assert_eq!(job.wait().unwrap(), 42);
///
/// let error = block_on(pool.run(|| -> u8 { panic!("no luck") })).unwrap_err();
/// assert!(matches!(error, JobError::Panicked(panic) if panic.message() == "no luck"));
///
/// assert!(pool.shutdown(Drain::Queued, Duration::from_secs(5)).is_clean());
/// assert!(pool.try_submit(|| ()).is_err(), "and the closure comes back");
/// ```
///
/// # Python
///
/// `concurrent.futures.ThreadPoolExecutor`. There the queue has no bound, a cancelled item stays in it until a thread
/// comes by, a job that waits for its own pool deadlocks, and the interpreter's exit waits for every job; here an exit
/// waits for none.
#[derive(Clone)]
pub struct ThreadPool {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Arc<Queue>,
    slots: Slots,
    timers: Arc<Timers>,
    threads_max: NonZeroUsize,
}

impl ThreadPool {
    /// A pool of at most `threads` threads, with the defaults of the [builder](Self::builder).
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self::builder().threads(threads).build()
    }

    /// A pool to be described: threads, queue, name.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn build(builder: Builder) -> Self {
        let Builder { threads, queue, name } = builder;
        let timers = Timers::new(thread_name(&name, "timer"));
        let crew = Threads::new(name, timers.clone());
        let inner = Inner {
            queue: Queue::new(threads.get(), Box::new(crew)),
            slots: Slots::new(queue.get()),
            timers,
            threads_max: threads,
        };
        Self { inner: Arc::new(inner) }
    }

    /// How many threads it may have.
    #[must_use]
    pub fn threads_max(&self) -> NonZeroUsize {
        self.inner.threads_max
    }

    /// What it is doing and has done.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let now = self.inner.queue.snapshot();
        Stats {
            threads: now.threads,
            idle: now.threads - now.busy,
            running: now.running,
            queued: now.queued,
            submitted: now.counts.submitted,
            completed: now.counts.completed,
            panicked: now.counts.panicked,
            cancelled: now.counts.cancelled,
            expired: self.inner.timers.expired(),
        }
    }

    /// Submits `work`, or runs it right here if the queue is full: a brake for threads that produce work.
    ///
    /// # Errors
    ///
    /// [`Rejected`], for any reason but a full queue.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop, which the work would block: use [`submit`](ExecutorExt::submit) there.
    #[track_caller]
    pub fn submit_or_run_here<F, R>(&self, work: F) -> Result<Job<R>, Rejected<F>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        assert!(
            !matches!(role::current(), Role::Loop),
            "this could run the work on the thread of an event loop and block every task there: await `submit` instead"
        );
        match self.try_submit(work) {
            Err(full) if matches!(full.why, Reject::Full) => self.run_here(full.into_work()),
            settled => settled,
        }
    }

    fn run_here<F, R>(&self, work: F) -> Result<Job<R>, Rejected<F>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let queue = &self.inner.queue;
        let here = thread::current();
        queue
            .run_here(own_seat(queue), here.name().unwrap_or("unnamed"), work, |work, ticket| {
                Job::package(work, &Submit::new(), Place::none(), ticket)
            })
            .map_err(|work| Rejected::new(work, Reject::ShuttingDown))
    }
}

/// As [`ThreadPool::builder`] with nothing said.
impl Default for ThreadPool {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl<F, R> Executor<F> for ThreadPool
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    type Output = R;

    fn try_submit_with(&self, work: F, mut options: Submit) -> Result<Job<R>, Rejected<F>> {
        let Inner { queue, slots, timers, .. } = &*self.inner;
        if queue.is_closed() {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let deadline = options.deadline_from_now();
        if options.deadline_has_passed() {
            return Err(Rejected::new(work, Reject::DeadlinePassed));
        }
        let Some(place) = slots.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        if deadline.is_some()
            && let Err(error) = timers.start()
        {
            return Err(Rejected::new(work, no_thread(&error)));
        }
        let mut watch = None;
        let job = queue.submit(work, |work, ticket| {
            let (runnable, job) = Job::package(work, &options, place, ticket);
            watch = deadline.map(|_| runnable.watch());
            (runnable, job)
        });
        if let (Some(deadline), Some(watch)) = (deadline, watch) {
            timers.add(deadline, watch);
        }
        job.map_err(|(work, refusal)| {
            let why = match refusal {
                Refusal::Closed => Reject::ShuttingDown,
                Refusal::NoThread(error) => no_thread(&error),
            };
            Rejected::new(work, why)
        })
    }

    fn room(&self) -> Room {
        self.inner.slots.room()
    }
}

fn no_thread(error: &io::Error) -> Reject {
    let message = format!(
        "the system gave the pool no thread ({error}): raise the limit of threads or of memory, or end other threads"
    );
    Reject::Broken(Arc::new(io::Error::new(error.kind(), message)))
}

/// From a job of the pool itself it neither waits for nor reports the jobs on its own thread, and another thread stands in
/// to drain the queue.
impl Shutdown for ThreadPool {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        assert!(
            grace.is_zero() || !matches!(role::current(), Role::Loop),
            "a shutdown with a grace would block the event loop that runs on this thread: move it to another thread \
             with `to_thread`, or give it no grace"
        );
        let Inner { queue, slots, .. } = &*self.inner;
        // A grace too long to count is no bound at all.
        let deadline = Instant::now().checked_add(grace);
        queue.close(Drain::Queued);
        // After the queue, so that whoever is told that there is room finds it closed.
        slots.close();
        queue.shutdown(how, deadline, own_seat(queue))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close(Drain::Queued);
        self.slots.close();
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("threads_max", &self.inner.threads_max)
            .field("stats", &self.stats())
            .finish()
    }
}
