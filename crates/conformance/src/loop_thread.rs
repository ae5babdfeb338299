//! A loop on a thread of its own, as an executor of futures.

use crate::{Bench, BoxFuture, Executors, Subject};
use contract::{
    Drain, Driver, Executor, Job, Rejected, Report, Room, Shutdown, Straggler, Submit, Unavailable,
};
use core_loop::{CloseReport, LoopHandle, Runner};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use sync_primitives::Event;

/// What a close may take beyond its grace until its report is here: nothing but the way between two threads.
const MARGIN: Duration = Duration::from_millis(500);

impl Subject<Executors> {
    /// The `LoopHandle` of a loop that is carried by the driver that `make` makes, on a thread of its own.
    ///
    /// Work blocks the loop, which is the one worker; shutting down is closing the loop. What follows from this is listed.
    pub fn loop_handle<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + Clone + 'static,
    ) -> Self {
        Self::executor(name, move || LoopThread::start(make.clone()).map(Bench::futures))
            .skip(
                "executor.shutdown_wait_drains_queue",
                "closing a loop cancels its tasks, as `asyncio.run` does",
            )
            .skip("executor.deadline_withdraws_queued", "a loop that is blocked cannot look at deadlines")
            .skip("executor.cancel_futures", "a loop that is blocked cannot cancel what it has not seen yet")
    }
}

struct LoopThread {
    handle: LoopHandle,
    /// Ends the loop's main; the grace is set before.
    stop: Arc<Event>,
    grace: Arc<Mutex<Duration>>,
    closed: Mutex<Receiver<CloseReport>>,
}

impl LoopThread {
    fn start<D: Driver + 'static>(
        make: impl FnOnce() -> Result<D, Unavailable> + Send + 'static,
    ) -> Result<Self, Unavailable> {
        let (stop, grace) = (Arc::new(Event::new()), Arc::new(Mutex::new(Duration::from_secs(10))));
        let (ready, readied) = mpsc::channel();
        let (closing, closed) = mpsc::channel();
        let (stopped, granted) = (stop.clone(), grace.clone());
        thread::spawn(move || {
            let mut runner = match make() {
                Ok(driver) => Runner::new(driver),
                Err(unavailable) => return ready.send(Err(unavailable)).is_ok(),
            };
            let _begun = ready.send(Ok(runner.get_loop().handle()));
            let _ended = runner.run(stopped.wait());
            let grace = *granted.lock().unwrap_or_else(PoisonError::into_inner);
            closing.send(runner.close(grace)).is_ok()
        });
        let gone = Unavailable::new("loop", "its thread ended before the loop began", "read what it printed");
        let handle = readied.recv().unwrap_or(Err(gone))?;
        Ok(Self { handle, stop, grace, closed: Mutex::new(closed) })
    }
}

impl Executor<BoxFuture> for LoopThread {
    type Output = u64;

    fn try_submit_with(&self, work: BoxFuture, options: Submit) -> Result<Job<u64>, Rejected<BoxFuture>> {
        self.handle.try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Executor::<BoxFuture>::room(&self.handle)
    }
}

impl Shutdown for LoopThread {
    fn shutdown(&self, _how: Drain, grace: Duration) -> Report {
        let begin = Instant::now();
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = grace;
        self.stop.set();
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = Report::default();
        match closed.recv_timeout(grace.saturating_add(MARGIN)) {
            Ok(close) => report.cancelled = close.cancelled,
            Err(RecvTimeoutError::Timeout) => {
                let blocked = Straggler::new(None, "the loop, which is blocked", begin.elapsed());
                report.stragglers.push(blocked);
            }
            // It was closed before.
            Err(RecvTimeoutError::Disconnected) => {}
        }
        report
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        self.stop.set();
    }
}
