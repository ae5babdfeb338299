//! An executor of one's own, which keeps every promise of the trait: all work on one thread, for what is not to be
//! shared (a database of one writer, a device).
//!
//! ```python
//! from concurrent.futures import Executor, Future
//! import asyncio, queue, threading
//!
//! class OneThread(Executor):
//!     def __init__(self):
//!         self.queue = queue.SimpleQueue()
//!         threading.Thread(target=self.work, daemon=True).start()
//!
//!     def work(self):
//!         while item := self.queue.get():
//!             future, function, args = item
//!             if future.set_running_or_notify_cancel():
//!                 try:
//!                     future.set_result(function(*args))
//!                 except BaseException as error:
//!                     future.set_exception(error)
//!
//!     def submit(self, function, *args):
//!         future = Future()
//!         self.queue.put((future, function, args))
//!         return future
//!
//!     def shutdown(self, wait=True, cancel_futures=False):
//!         self.queue.put(None)
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!     with OneThread() as executor:
//!         total = await loop.run_in_executor(executor, lambda: sum(n * n for n in range(1000)))
//!         print("one thread:", total)
//!
//! asyncio.run(main())
//! ```

use crate::four_pools::{squares, sum_squares};
use contract::{Drain, Executor, Job, JobError, Reject, Rejected, Report, Room, Runnable};
use contract::{Shutdown, Slots, Straggler, Submit};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use sync_primitives::Queue;

/// Runs closures on one thread, first come, first served.
#[derive(Debug)]
pub struct OneThread {
    queue: Arc<Queue<Runnable>>,
    places: Slots,
    /// Held while work is accepted, so that none slips in behind a shutdown.
    closed: Mutex<bool>,
}

impl OneThread {
    /// Starts the thread. At most `places` jobs wait for it.
    #[must_use]
    pub fn start(places: usize) -> Self {
        let queue = Arc::new(Queue::<Runnable>::unbounded());
        let jobs = queue.clone();
        thread::spawn(move || work(&jobs));
        Self { queue, places: Slots::new(places), closed: Mutex::new(false) }
    }
}

/// What the thread does until the queue is shut down and empty.
fn work(jobs: &Queue<Runnable>) {
    while let Ok(job) = jobs.get_blocking() {
        job.run();
        jobs.task_done().expect("it got one");
    }
}

impl<F, R> Executor<F> for OneThread
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    type Output = R;

    fn try_submit_with(&self, work: F, mut options: Submit) -> Result<Job<R>, Rejected<F>> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let Some(place) = self.places.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let (runnable, job) = Job::package(work, &options, place, ());
        if let Some(deadline) = options.deadline_from_now() {
            // A thread a deadline: no more than an example needs.
            let job = runnable.watch();
            thread::spawn(move || {
                thread::sleep(deadline.saturating_duration_since(Instant::now()));
                job.expire()
            });
        }
        self.queue.put_nowait(runnable).expect("it has no bound, and is open");
        Ok(job)
    }

    fn room(&self) -> Room {
        self.places.room()
    }
}

impl Shutdown for OneThread {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.places.close();
        self.queue.shutdown(false);
        let since = Instant::now();
        if how == Drain::Queued {
            self.queue.join_timeout(grace);
        }
        let left = self.queue.shutdown(true).into_iter();
        let mut report = Report::default();
        report.cancelled =
            left.map(|job| usize::from(job.withdraw(JobError::Shutdown { started: false }))).sum();
        if !self.queue.join_timeout(grace.saturating_sub(since.elapsed())) {
            report.stragglers.push(Straggler::new(None, "the one thread", since.elapsed()));
        }
        report
    }
}

/// The thread ends after the last job.
impl Drop for OneThread {
    fn drop(&mut self) {
        self.queue.shutdown(false);
    }
}

/// The function of [`four_pools`](crate::four_pools), in a fifth place.
///
/// # Errors
///
/// None: nobody shuts it down.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let executor = OneThread::start(100);
    println!("one thread: {}", sum_squares(&executor, |range| move || squares(range)).await?);
    Ok(())
}
