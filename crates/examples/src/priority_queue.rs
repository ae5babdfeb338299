//! What matters most is done first, in whatever order it came.
//!
//! ```python
//! import asyncio
//!
//! async def cook(jobs):
//!     while True:
//!         priority, job = await jobs.get()
//!         print(f"{priority}: {job}")
//!         jobs.task_done()
//!
//! async def main():
//!     jobs = asyncio.PriorityQueue()
//!     for job in ((2, "eat"), (1, "cook"), (3, "wash up"), (1, "lay the table")):
//!         jobs.put_nowait(job)
//!     task = asyncio.create_task(cook(jobs))
//!     await jobs.join()
//!     print("all is done")
//!     task.cancel()
//!
//! asyncio.run(main())
//! ```
//!
//! There the texts are compared when the numbers are equal. So they are here, with a tuple; a type that compares by its
//! number alone comes out in the order of arrival.

use core_loop::spawn;
use std::error::Error;
use std::rc::Rc;
use sync_primitives::{PriorityQueue, TaskDoneError};

/// A number, the lowest first, and what there is to do.
pub type Job = (u32, &'static str);

/// Does what is there, and what comes, until the queue is shut down.
///
/// # Errors
///
/// Somebody marks jobs done that they did not get.
pub async fn cook(jobs: Rc<PriorityQueue<Job>>) -> Result<(), TaskDoneError> {
    let mut items = jobs.items();
    while let Some((priority, job)) = items.next().await {
        println!("{priority}: {job}");
        jobs.task_done()?;
    }
    Ok(())
}

/// Four jobs, two of them equally urgent.
///
/// # Errors
///
/// Somebody else meddles with the queue.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let jobs = Rc::new(PriorityQueue::unbounded());
    for job in [(2, "eat"), (1, "cook"), (3, "wash up"), (1, "lay the table")] {
        jobs.put_nowait(job)?;
    }
    let task = spawn(cook(jobs.clone()));
    jobs.join().await;
    println!("all is done");
    jobs.shutdown(false);
    task.await??;
    Ok(())
}
