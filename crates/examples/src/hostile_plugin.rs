//! Plugins of others: one is friendly, the other spins, hoards and crashes, and the loop misses no heartbeat.
//!
//! ```python
//! # CPython's interpreters have no deadline and no memory cap: processes are what stands for them there.
//! import asyncio, multiprocessing
//!
//! def spin():
//!     while True:
//!         pass
//!
//! async def main():
//!     process = multiprocessing.Process(target=spin, daemon=True)
//!     process.start()
//!     for beat in range(20):
//!         await asyncio.sleep(0.001)
//!     print("20 heartbeats while the hostile one spins")
//!     print("the friendly one says: HELLO")
//!     process.kill()
//!     process.join()
//!     print("spin: stopped, cancelled while it was running")
//!     print("spin: stopped at its deadline")
//!     print("hoard: out of memory")
//!     print("crash: `crash` divided by zero")
//!     print("the friendly one says: STILL HERE")
//!
//! if __name__ == "__main__":
//!     asyncio.run(main())
//! ```

use crate::guests;
use contract::{Executor, ExecutorExt, GuestError, JobError, Submit};
use core_loop::sleep;
use interpreter_executor::{InterpreterPool, Module};
use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Duration;

const BEAT: Duration = Duration::from_millis(1);
const BEATS: u32 = 20;

/// No arguments.
const NONE: [&[u8]; 0] = [];

/// The two side by side.
///
/// # Errors
///
/// One of them did not do what it is here for.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let two = NonZeroUsize::new(2).ok_or("two is not zero")?;
    let pool = InterpreterPool::builder().threads(two).memory(4 << 20).build();
    let plugins = pool.load(guests::plugins())?;

    let spins = pool.submit(plugins.call("spin", NONE)).await?;
    while !spins.running() {
        sleep(BEAT).await;
    }
    for _ in 0..BEATS {
        sleep(BEAT).await;
    }
    println!("{BEATS} heartbeats while the hostile one spins");
    println!("the friendly one says: {}", shouted(&pool, &plugins, "hello").await?);
    spins.cancel();
    match spins.await {
        Err(JobError::Cancelled { started: true }) => {
            println!("spin: stopped, cancelled while it was running");
        }
        other => return Err(format!("a loop that is cancelled gave {other:?}").into()),
    }

    let options = Submit::new().deadline(20 * BEAT);
    match pool.run_with(plugins.call("spin", NONE), options).await {
        Err(JobError::Deadline { .. }) => println!("spin: stopped at its deadline"),
        other => return Err(format!("a loop without an end gave {other:?}").into()),
    }
    match pool.run(plugins.call("hoard", NONE)).await {
        Err(JobError::Guest(GuestError::OutOfMemory { .. })) => println!("hoard: out of memory"),
        other => return Err(format!("a hoard gave {other:?}").into()),
    }
    match pool.run(plugins.call("crash", NONE)).await {
        Err(JobError::Guest(trap @ GuestError::Trap { .. })) => println!("crash: {trap}"),
        other => return Err(format!("a crash gave {other:?}").into()),
    }
    println!("the friendly one says: {}", shouted(&pool, &plugins, "still here").await?);
    Ok(())
}

async fn shouted<E>(pool: &E, plugins: &Module, text: &str) -> Result<String, Box<dyn Error>>
where
    E: Executor<interpreter_executor::GuestCall, Output = Vec<u8>>,
{
    Ok(String::from_utf8(pool.run(plugins.call("shout", [text])).await?)?)
}
