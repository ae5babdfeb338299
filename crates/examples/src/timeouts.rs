//! What takes too long is given up: a future by `timeout`, a job by its deadline.
//!
//! ```python
//! import asyncio
//!
//! async def main():
//!     try:
//!         async with asyncio.timeout(0.01):
//!             await asyncio.sleep(3600)
//!     except TimeoutError:
//!         print("the long nap: the time is over")
//!
//!     async with asyncio.timeout(3600):
//!         await asyncio.sleep(0.01)
//!     print("the short nap: in time")
//!
//!     queue = asyncio.Queue()
//!     try:
//!         await asyncio.wait_for(queue.get(), 0.01)
//!     except TimeoutError:
//!         print("no letter came")
//!     await queue.put("letter")
//!     print(f"the {await queue.get()} came later, and was not lost")
//!
//!     # There is no deadline for a job: one can stop waiting for it, and it goes on.
//!     print("on a thread: the deadline passed")
//!     print("in a process: the deadline passed")
//!
//! asyncio.run(main())
//! ```

use contract::{Executor, ExecutorExt, JobError, Submit};
use core_loop::{sleep, timeout};
use process_executor::{ProcessPool, call};
use std::error::Error;
use std::thread;
use std::time::Duration;
use sync_primitives::Queue;
use thread_executor::ThreadPool;

const SOON: Duration = Duration::from_millis(10);
const HOUR: Duration = Duration::from_secs(3600);

/// Gives `work` only so much time, waiting in the queue included, and says whether that was enough.
///
/// A job that is still queued is withdrawn; a worker process is killed. A thread cannot be stopped: there the work runs
/// on, and nobody gets its output.
///
/// # Errors
///
/// Any other reason why `work` gave no output.
pub async fn in_time<E, W>(executor: &E, work: W, time: Duration) -> Result<bool, JobError>
where
    E: Executor<W>,
{
    match executor.run_with(work, Submit::new().deadline(time)).await {
        Ok(_) => Ok(true),
        Err(JobError::Deadline { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Futures first, then jobs.
///
/// # Errors
///
/// No worker process can be started here.
pub async fn main() -> Result<(), Box<dyn Error>> {
    if let Err(elapsed) = timeout(SOON, sleep(HOUR)).await {
        println!("the long nap: {elapsed}");
    }

    timeout(HOUR, sleep(SOON)).await?;
    println!("the short nap: in time");

    let queue = Queue::unbounded();
    if timeout(SOON, queue.get()).await.is_err() {
        println!("no letter came");
    }
    queue.put("letter").await?;
    println!("the {} came later, and was not lost", queue.get().await?);

    if !in_time(&ThreadPool::default(), || thread::sleep(HOUR), SOON).await? {
        println!("on a thread: the deadline passed");
    }
    if !in_time(&ProcessPool::new(1)?, call(thread::sleep, HOUR), SOON).await? {
        println!("in a process: the deadline passed");
    }
    Ok(())
}
