//! Some make, others take, and a bounded queue between them makes the fast wait for the slow.
//!
//! ```python
//! import asyncio
//!
//! async def producer(name, queue):
//!     for number in range(1, 4):
//!         await queue.put(f"{name}{number}")
//!         print(f"{name} put {name}{number}")
//!
//! async def consumer(name, queue):
//!     while True:
//!         item = await queue.get()
//!         print(f"{name} got {item}")
//!         queue.task_done()
//!
//! async def main():
//!     queue = asyncio.Queue(maxsize=2)
//!     consumers = [asyncio.create_task(consumer(name, queue)) for name in ("Xaver", "Yvonne")]
//!     await asyncio.gather(producer("a", queue), producer("b", queue))
//!     await queue.join()
//!     print("all is done")
//!     for task in consumers:
//!         task.cancel()
//!
//! asyncio.run(main())
//! ```
//!
//! There Xaver gets everything: whoever asks again at once overtakes whoever was woken. Here Yvonne gets her share.

use core_loop::{gather, spawn};
use std::error::Error;
use std::rc::Rc;
use sync_primitives::{Queue, QueueShutDown, TaskDoneError};

/// Puts three items into the queue; waits while it is full.
///
/// # Errors
///
/// The queue is shut down; the error holds the item.
pub async fn producer(name: &str, queue: Rc<Queue<String>>) -> Result<(), QueueShutDown<String>> {
    for number in 1..=3 {
        queue.put(format!("{name}{number}")).await?;
        println!("{name} put {name}{number}");
    }
    Ok(())
}

/// Takes items out of the queue until it is shut down and empty.
///
/// # Errors
///
/// Somebody marks items done that they did not get.
pub async fn consumer(name: &str, queue: Rc<Queue<String>>) -> Result<(), TaskDoneError> {
    while let Ok(item) = queue.get().await {
        println!("{name} got {item}");
        queue.task_done()?;
    }
    Ok(())
}

/// Two of each.
///
/// # Errors
///
/// Somebody else meddles with the queue.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let queue = Rc::new(Queue::bounded(2));
    let consumers = ["Xaver", "Yvonne"].map(|name| spawn(consumer(name, queue.clone())));
    let (a, b) = gather((producer("a", queue.clone()), producer("b", queue.clone()))).await?;
    a.and(b)?;
    queue.join().await;
    println!("all is done");
    queue.shutdown(false); // nobody is cancelled: whoever waits for more is told that there is none
    for consumer in consumers {
        consumer.await??;
    }
    Ok(())
}
