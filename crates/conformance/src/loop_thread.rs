//! A loop on a thread of its own, as an executor of futures: a pool of one.

use crate::{Bench, Executors, Subject};
use contract::{Drain, Driver, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use core_loop::{LoopHandle, LoopPool, PoolStartError, StartProblem};
use std::fmt;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// How long the close may wait for tasks that do end.
const GRACE: Duration = Duration::from_secs(10);

impl Subject<Executors> {
    /// A loop that is carried by the driver that `make` makes, on a thread of its own, seen from others: a pool of one.
    ///
    /// Work that waits blocks the loop, which is the one worker.
    pub fn loop_handle<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + Clone + 'static,
    ) -> Self {
        Self::executor(name, move || LoopThread::start(make.clone()).map(Bench::futures))
    }
}

/// A [`LoopPool`] of one loop, which a test may drop while that is blocked: it is closed, and nobody waits.
pub struct LoopThread(Option<LoopPool>);

impl LoopThread {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Why there is no such loop here.
    pub fn start<D: Driver + 'static>(
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Result<Self, Unavailable> {
        match LoopPool::builder().loops(NonZeroUsize::MIN).start(make) {
            Ok(pool) => Ok(Self(Some(pool))),
            Err(PoolStartError { why: StartProblem::Unavailable(why), .. }) => Err(why),
            Err(error) => Err(Unavailable::new("loop", error.to_string(), "read what it printed")),
        }
    }

    fn pool(&self) -> &LoopPool {
        self.0.as_ref().expect("it is there until the drop")
    }
}

impl<W> Executor<W> for LoopThread
where
    LoopHandle: Executor<W>,
{
    type Output = <LoopHandle as Executor<W>>::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<Self::Output>, Rejected<W>> {
        self.pool().try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Executor::<W>::room(self.pool())
    }
}

impl Shutdown for LoopThread {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.pool().shutdown(how, grace)
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        let pool = self.0.take();
        thread::spawn(move || pool.map(|pool| pool.close(GRACE)));
    }
}

impl fmt::Debug for LoopThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoopThread").field(self.pool()).finish()
    }
}
