//! One loop per core: a pool of loops, each on a thread of its own, as one executor.

mod affinity;
mod builder;
mod common;
mod error;
mod member;
mod thread;

pub use builder::PoolBuilder;
pub use error::{LoopLost, PoolStartError, StartProblem};
pub use member::PoolLoop;

use crate::error::CloseReport;
use crate::handle::{LoopHandle, Pinned};
use crate::runner::{GRACE, report_unclean};
use crate::shutdown::shut_down;
use common::Common;
use contract::role::{self, Role};
use contract::{
    Drain, Driver, Executor, ExecutorExt, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable,
};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use thread::Thread;

/// Several loops, each on a thread of its own, carried by the same kind of driver: how one program uses all cores.
///
/// It takes what a [`LoopHandle`] takes – futures that are `Send`, and [`pinned`](crate::pinned) closures, which build a
/// future that is not – and chooses a loop for it: the [least loaded](Self::least_loaded), or the one
/// [of a key](Self::by_key). A task stays on its loop. Nothing is shared by the loops but the threads behind
/// [`to_thread`](crate::to_thread), which are one pool for all of them.
///
/// As an executor it shuts down as a handle does: nothing more is taken, what was accepted ends within the grace or is
/// reported, the loops go on. [`close`](Self::close) ends the loops; dropping the pool closes it with
/// [`GRACE`](crate::GRACE), and on a thread that runs a loop it does so without waiting.
///
/// # Errors
///
/// Work for a loop whose thread has died is refused as `Reject::Broken` with a [`LoopLost`], which names the loop; jobs
/// that the loop had accepted say `Shutdown`. Work without a key goes to the others.
///
/// # Examples
///
/// ```
/// use core_loop::{LoopPool, NativeDriver, sleep};
/// use std::rc::Rc;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = LoopPool::new(NativeDriver::new)?;
/// let job = pool.spawn_pinned(async || {
///     let not_send = Rc::new(6);
///     sleep(Duration::from_millis(1)).await;
///     *not_send * 7
/// })?;
/// assert_eq!(job.wait()?, 42);
/// assert!(pool.close(Duration::from_secs(1)).is_clean());
/// # Ok(())
/// # }
/// ```
///
/// # Python
///
/// None: asyncio's programs start a process, or a thread with `asyncio.run`, for each loop, and have
/// `run_coroutine_threadsafe` to reach one of them.
pub struct LoopPool {
    /// One at least.
    loops: Box<[PoolLoop]>,
    /// Their threads, until they are closed.
    crew: Crew,
    /// Where the next search for the least loaded begins, so that equal loops take turns.
    next: AtomicUsize,
}

impl LoopPool {
    /// As many loops as the program may use processors, on drivers that `make` makes, each on its own thread.
    ///
    /// Returns when all of them run, which takes milliseconds at most; then this thread is free again.
    ///
    /// # Errors
    ///
    /// [`PoolStartError`] names the loop that cannot run, and says why. None is left running then.
    pub fn new<D: Driver + 'static>(
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Result<Self, PoolStartError> {
        Self::builder().start(make)
    }

    /// To choose how many loops, their names, and whether each keeps to a processor.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }

    fn of(loops: Vec<PoolLoop>, crew: Crew) -> Self {
        Self { loops: loops.into(), crew, next: AtomicUsize::new(0) }
    }

    /// Its loops, always in the same order.
    #[must_use]
    pub fn loops(&self) -> &[PoolLoop] {
        &self.loops
    }

    /// The loop with the fewest jobs that have been accepted and have not ended; equal ones take turns. Tasks that jobs
    /// have spawned do not count. A loop that takes nothing more comes last.
    #[must_use]
    pub fn least_loaded(&self) -> &PoolLoop {
        // Relaxed: which of equal loops is first matters to nobody.
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.loops.len();
        let (before, rest) = self.loops.split_at(first);
        let by_load = |member: &&PoolLoop| member.load().unwrap_or(usize::MAX);
        rest.iter().chain(before).min_by_key(by_load).unwrap_or(&self.loops[first])
    }

    /// The loop of `key`: the same for equal keys, for as long as the pool lives, so that what belongs to one key needs no
    /// lock. If that loop has died, its keys have no other.
    #[must_use]
    pub fn by_key<K: Hash + ?Sized>(&self, key: &K) -> &PoolLoop {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        // Half of the bits are as good as all of them.
        &self.loops[hash as usize % self.loops.len()]
    }

    /// Runs `future` on the least loaded loop.
    ///
    /// # Errors
    ///
    /// The pool takes nothing more, or no loop is left alive. The future comes back.
    ///
    /// # Python
    ///
    /// `asyncio.run_coroutine_threadsafe(coroutine, loop)`.
    pub fn spawn<F>(&self, future: F) -> Result<Job<F::Output>, Rejected<F>>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.try_submit(future)
    }

    /// Runs `function` on the least loaded loop, whose thread builds the future, so that this need not be `Send`.
    ///
    /// # Errors
    ///
    /// The pool takes nothing more, or no loop is left alive. The function comes back.
    pub fn spawn_pinned<F, T>(&self, function: F) -> Result<Job<T>, Rejected<Pinned<F>>>
    where
        F: AsyncFnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_submit(crate::pinned(function))
    }

    /// Cancels the tasks of all loops, drives the loops until these have ended, then waits for the threads of `to_thread`:
    /// all at a time, and all within `grace`. One report for all of them; it names the loop of each task that had to be
    /// dropped, and each loop that had died.
    ///
    /// A loop whose thread is stuck in a destructor or in a step that does not end is given a second more, and left behind
    /// as [lost](CloseReport::lost).
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop, which it would block: move the pool to another thread with `to_thread`,
    /// or drop it, which does not wait there.
    pub fn close(mut self, grace: Duration) -> CloseReport {
        assert!(
            !matches!(role::current(), Role::Loop),
            "to close a pool of loops would block the event loop that runs on this thread: close it on another thread \
             with `to_thread`, or drop it, which does not wait here"
        );
        self.take_crew().close(grace)
    }

    /// Whoever closes the loops. They take no more jobs from here on: under a stream of them no loop would come to an end.
    fn take_crew(&mut self) -> Crew {
        self.loops.iter().for_each(|member| member.handle().shared().jobs.close());
        std::mem::take(&mut self.crew)
    }
}

impl<W> Executor<W> for LoopPool
where
    LoopHandle: Executor<W>,
{
    type Output = <LoopHandle as Executor<W>>::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<Self::Output>, Rejected<W>> {
        self.least_loaded().try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

impl Shutdown for LoopPool {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        let handles: Vec<_> = self.loops.iter().map(PoolLoop::handle).collect();
        shut_down(&handles, how, grace)
    }
}

impl Drop for LoopPool {
    fn drop(&mut self) {
        let crew = self.take_crew();
        // None after a `close`.
        if !crew.threads.is_empty() {
            crew.let_go(if std::thread::panicking() { Duration::ZERO } else { GRACE });
        }
    }
}

/// The threads of a pool's loops, and what they share.
#[derive(Default)]
struct Crew {
    threads: Vec<Thread>,
    common: Option<Arc<Common>>,
}

impl Crew {
    /// Asks all loops to close by then.
    fn stop(&self, deadline: Deadline) {
        self.threads.iter().for_each(|thread| thread.stop(deadline));
    }

    fn close(self, grace: Duration) -> CloseReport {
        // A grace too long to count is no bound at all.
        let deadline = Instant::now().checked_add(grace);
        self.stop(deadline);
        let mut report = CloseReport::default();
        for thread in self.threads {
            thread.ended(deadline).add_to(&mut report);
        }
        let left = left_until(deadline);
        add_report(&mut report.executor, self.common.and_then(|common| common.end(left)));
        report
    }

    /// Closes them for somebody who asks for no report, and who must not wait on a thread that runs a loop.
    fn let_go(self, grace: Duration) {
        if !matches!(role::current(), Role::Loop) {
            return report_unclean(&self.close(grace));
        }
        // At once, whether or not there is a thread to wait for them.
        self.stop(Instant::now().checked_add(grace));
        let thread = std::thread::Builder::new().name("loop-close".to_owned());
        let _waits = thread.spawn(move || report_unclean(&self.close(grace)));
    }
}

/// When a close must be over; `None` if it may take any time.
type Deadline = Option<Instant>;

fn left_until(deadline: Deadline) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
}

/// One report for several executors.
fn add_report(all: &mut Option<Report>, more: Option<Report>) {
    if let Some(more) = more {
        let all = all.get_or_insert_default();
        all.cancelled += more.cancelled;
        all.stragglers.extend(more.stragglers);
    }
}

impl fmt::Debug for LoopPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopPool").field("loops", &self.loops).finish_non_exhaustive()
    }
}
