//! A loop on a thread of its own, as an executor of futures.

use crate::{Bench, Executors, Subject};
use contract::{Drain, Driver, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use core_loop::{LoopHandle, Runner};
use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use sync_primitives::Event;

/// How long the close may wait for tasks that do end.
const GRACE: Duration = Duration::from_secs(10);

impl Subject<Executors> {
    /// The `LoopHandle` of a loop that is carried by the driver that `make` makes, on a thread of its own.
    ///
    /// Work that waits blocks the loop, which is the one worker.
    pub fn loop_handle<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + Clone + 'static,
    ) -> Self {
        Self::executor(name, move || LoopThread::start(make.clone()).map(Bench::futures))
    }
}

/// A loop on a thread of its own: its [`LoopHandle`], and whatever that executes. Dropping it closes the loop.
pub struct LoopThread {
    handle: LoopHandle,
    /// Ends the loop's main.
    stop: Arc<Event>,
}

impl LoopThread {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Why there is no such loop here.
    pub fn start<D: Driver + 'static>(
        make: impl FnOnce() -> Result<D, Unavailable> + Send + 'static,
    ) -> Result<Self, Unavailable> {
        let stop = Arc::new(Event::new());
        let (ready, readied) = mpsc::channel();
        let stopped = stop.clone();
        thread::spawn(move || {
            let mut runner = match make() {
                Ok(driver) => Runner::new(driver),
                Err(unavailable) => return ready.send(Err(unavailable)).is_ok(),
            };
            let _begun = ready.send(Ok(runner.get_loop().handle()));
            let ended = runner.run(stopped.wait());
            ended.is_ok() && runner.close(GRACE).is_clean()
        });
        let gone = Unavailable::new("loop", "its thread ended before the loop began", "read what it printed");
        let handle = readied.recv().unwrap_or(Err(gone))?;
        Ok(Self { handle, stop })
    }
}

impl<W> Executor<W> for LoopThread
where
    LoopHandle: Executor<W>,
{
    type Output = <LoopHandle as Executor<W>>::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<Self::Output>, Rejected<W>> {
        self.handle.try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Executor::<W>::room(&self.handle)
    }
}

impl Shutdown for LoopThread {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.handle.shutdown(how, grace)
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        self.stop.set();
    }
}

impl fmt::Debug for LoopThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopThread").field("handle", &self.handle).finish_non_exhaustive()
    }
}
