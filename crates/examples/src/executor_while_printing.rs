//! A job blocks in an executor while the loop goes on printing; `gather` waits for both.
//!
//! ```python
//! import asyncio, time
//! from concurrent.futures import ThreadPoolExecutor
//!
//! def blocking():
//!     time.sleep(0.05)
//!     return "the job is done"
//!
//! async def printing():
//!     for tick in range(1, 4):
//!         print(f"tick {tick}")
//!         await asyncio.sleep(0.01)
//!
//! async def while_printing(executor, work):
//!     loop = asyncio.get_running_loop()
//!     result, _ = await asyncio.gather(loop.run_in_executor(executor, work), printing())
//!     return result
//!
//! async def main():
//!     result, _ = await asyncio.gather(asyncio.to_thread(blocking), printing())
//!     print(result)
//!     with ThreadPoolExecutor() as pool:
//!         print(await while_printing(pool, blocking))
//!
//! asyncio.run(main())
//! ```

use contract::{Executor, ExecutorExt};
use core_loop::{gather, sleep, to_thread};
use std::error::Error;
use std::thread;
use std::time::Duration;
use thread_executor::ThreadPool;

/// Blocks its thread for 50 ms.
#[must_use]
pub fn blocking() -> String {
    thread::sleep(Duration::from_millis(50));
    "the job is done".to_owned()
}

/// Prints three lines, and lets the loop go on after each.
pub async fn printing() {
    for tick in 1..=3 {
        println!("tick {tick}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Runs `work` on `executor`, and prints meanwhile. A [`Job`](contract::Job) is a future like any other.
///
/// # Errors
///
/// Why `work` gave no output.
pub async fn while_printing<E, W>(executor: &E, work: W) -> Result<E::Output, Box<dyn Error>>
where
    E: Executor<W, Output: 'static>,
    W: 'static,
{
    let job = executor.submit(work).await?;
    let (result, ()) = gather((job, printing())).await?;
    Ok(result?)
}

/// The same on the loop's own threads, and on an executor of one's own.
///
/// # Errors
///
/// The job gave no output.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let (result, ()) = gather((to_thread(blocking), printing())).await?;
    println!("{}", result?);

    let pool = ThreadPool::default();
    println!("{}", while_printing(&pool, blocking).await?);
    Ok(())
}
