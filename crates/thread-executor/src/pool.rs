//! The pool: submit, refuse, close.

use crate::builder::Builder;
use crate::core::{Core, Fault, Refusal, Ticket};
use crate::stats::Stats;
use crate::sys;
use crate::threads::{Threads, thread_name};
use crate::timers::Timers;
use contract::role::{self, Role};
use contract::{
    Attempt, Drain, Executor, ExecutorExt, Fallible, Job, Place, Reject, Rejected, Report, Room, Runnable,
    Shutdown, Submit,
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
/// A job that waits for another job of its own pool cannot starve the pool: [`Job::wait`] runs that job itself if it has not
/// started and has no deadline, and while any other wait sleeps – for a job, a lock, room in the queue – another thread may
/// stand in. Up to [`Builder::spare`] threads stand in at once, then one at a time as the last that serves waits as well, and
/// no more than 256 for those that wait; they leave when there is nothing to do.
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
    core: Arc<Core>,
    timers: Arc<Timers>,
    threads_max: NonZeroUsize,
}

impl ThreadPool {
    /// A pool of at most `threads` threads, with the defaults of the [builder](Self::builder).
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self::builder().threads(threads).build()
    }

    /// A pool to be described.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A pool for work that computes: as many threads as processors, by the quota of the program's control group.
    pub fn cpu() -> Builder {
        Builder::cpu()
    }

    /// A pool for calls that block: eight threads a processor and at least 64, which end after 10 s without work.
    pub fn blocking() -> Builder {
        Builder::blocking()
    }

    pub(crate) fn build(builder: Builder) -> Self {
        let limits = builder.limits();
        let Builder { queue, name, stack_size, nice, affinity, on_start, .. } = builder;
        let timers = Timers::new(thread_name(&name, "timer"));
        let place = Arc::new(sys::Place::new(affinity, nice));
        let threads_max = NonZeroUsize::new(limits.threads_max).expect("the builder has looked at it");
        let threads = Threads { name, stack_size, place, on_start, timers: timers.clone() };
        let core = Core::new(limits, queue.get(), Box::new(threads));
        Self { inner: Arc::new(Inner { core, timers, threads_max }) }
    }

    /// How many threads it may have.
    #[must_use]
    pub fn threads_max(&self) -> NonZeroUsize {
        self.inner.threads_max
    }

    /// What it is doing and has done, at this instant. Nobody takes a job while it looks, which takes some microseconds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::new(&self.inner.core.snapshot(), self.inner.timers.expired())
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
        let here = thread::current();
        let core = &self.inner.core;
        core.run_here(here.name().unwrap_or("unnamed"), work, |work, ticket| {
            Job::package(work, &Submit::new(), Place::none(), ticket)
        })
        .map_err(|work| Rejected::new(work, self.closed()))
    }

    /// Takes in work of any kind, which `package` joins with its job.
    fn accept<W, T>(
        &self,
        work: W,
        options: Submit,
        package: impl FnOnce(W, &Submit, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, Rejected<W>> {
        let Inner { core, timers, .. } = &*self.inner;
        let deadline = options.deadline_from_now();
        if options.deadline_has_passed() && !core.is_closed() {
            return Err(Rejected::new(work, Reject::DeadlinePassed));
        }
        if deadline.is_some()
            && let Err(error) = timers.start()
        {
            return Err(Rejected::new(work, no_thread(&error)));
        }
        let job = core.submit(work, options, |work, options, ticket| {
            let (runnable, job) = package(work, options, ticket);
            if let Some(deadline) = deadline {
                // Before it is in its lane: until then no close can be the last that the timers hear of.
                timers.add(deadline, runnable.watch());
            }
            (runnable, job)
        });
        job.map_err(|(work, refusal)| {
            let why = match refusal {
                Refusal::Closed => self.closed(),
                Refusal::Full => Reject::Full,
                Refusal::NoThread(error) => no_thread(&error),
            };
            Rejected::new(work, why)
        })
    }

    /// Why it takes nothing more.
    fn closed(&self) -> Reject {
        self.inner.core.fault().map_or(Reject::ShuttingDown, broken)
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

    fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<R>, Rejected<F>> {
        self.accept(work, options, |work, options, ticket| Job::package(work, options, Place::none(), ticket))
    }

    fn room(&self) -> Room {
        self.inner.core.slots().room()
    }
}

/// Work that may fail by itself: its error is the job's.
impl<A> Executor<Fallible<A>> for ThreadPool
where
    A: Attempt + Send + 'static,
    A::Output: Send + 'static,
{
    type Output = A::Output;

    fn try_submit_with(
        &self,
        work: Fallible<A>,
        options: Submit,
    ) -> Result<Job<A::Output>, Rejected<Fallible<A>>> {
        self.accept(work, options, |work, options, ticket| {
            Job::package_fallible(work, options, Place::none(), ticket)
        })
    }

    fn room(&self) -> Room {
        self.inner.core.slots().room()
    }
}

fn broken(fault: Fault) -> Reject {
    let message = format!(
        "a thread of the pool could not be prepared, `on_thread_start` panicked: {}; make a new pool",
        fault.message
    );
    Reject::Broken(Arc::new(io::Error::other(message)))
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
        // A grace too long to count is no bound at all.
        self.inner.core.shutdown(how, Instant::now().checked_add(grace))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.core.close(Drain::Queued);
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
