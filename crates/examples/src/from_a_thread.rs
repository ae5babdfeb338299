//! Another thread calls into the loop: with a callback, with a future, and with one that belongs to the loop's thread.
//!
//! ```python
//! import asyncio
//!
//! async def count(seen):
//!     return len(seen)
//!
//! async def double(number):
//!     await asyncio.sleep(0.01)
//!     return number * 2
//!
//! def ask(loop, work):
//!     return asyncio.run_coroutine_threadsafe(work, loop).result()
//!
//! def elsewhere(loop):
//!     loop.call_soon_threadsafe(print, "a callback from a thread")
//!     print("a future from a thread:", ask(loop, count(["one", "two"])))
//!     print("one that sleeps:", ask(loop, double(21)))
//!
//! async def main():
//!     await asyncio.to_thread(elsewhere, asyncio.get_running_loop())
//!
//! asyncio.run(main())
//! ```

use contract::{Executor, ExecutorExt, JobError};
use core_loop::{Loop, LoopHandle, pinned, sleep, to_thread};
use std::error::Error;
use std::time::Duration;

/// Runs `work` on `executor` and blocks this thread until there is an output. Not on a thread that runs a loop.
///
/// # Errors
///
/// Why there is none.
pub fn ask<E, W>(executor: &E, work: W) -> Result<E::Output, JobError>
where
    E: Executor<W>,
{
    executor.try_submit(work)?.wait()
}

/// How many there are.
pub async fn count(seen: Vec<&str>) -> usize {
    seen.len()
}

/// Twice the number, after a while.
pub async fn double(number: u32) -> u32 {
    sleep(Duration::from_millis(10)).await;
    number * 2
}

/// What the other thread does.
///
/// A future that is sent must be `Send`, and one that sleeps is not: its timer belongs to the loop. [`pinned`] sends the
/// closure that makes the future on the loop's own thread.
///
/// # Errors
///
/// The loop is closed.
pub fn elsewhere(handle: &LoopHandle) -> Result<(), Box<dyn Error + Send + Sync>> {
    handle.call_soon_threadsafe(|| println!("a callback from a thread"))?;
    println!("a future from a thread: {}", ask(handle, count(vec!["one", "two"]))?);
    println!("one that sleeps: {}", ask(handle, pinned(|| double(21)))?);
    Ok(())
}

/// Starts the other thread, and stays free for its questions.
///
/// # Errors
///
/// The other thread got no answer.
pub async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let handle = Loop::current().handle();
    to_thread(move || elsewhere(&handle)).await?
}
