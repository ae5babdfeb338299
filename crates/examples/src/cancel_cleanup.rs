//! A task is cancelled, and cleans up with awaits before it counts as done.
//!
//! ```python
//! import asyncio
//!
//! async def work():
//!     print("open")
//!     try:
//!         await asyncio.sleep(3600)
//!     finally:
//!         await asyncio.sleep(0.01)
//!         print("closed")
//!
//! async def main():
//!     task = asyncio.create_task(work())
//!     await asyncio.sleep(0)
//!     task.cancel("enough")
//!     try:
//!         await task
//!     except asyncio.CancelledError as cancelled:
//!         print(f"the task was cancelled: {cancelled}")
//!
//!     try:
//!         async with asyncio.timeout(0.01):
//!             await work()
//!     except TimeoutError:
//!         print("the time is over")
//!
//! asyncio.run(main())
//! ```

use core_loop::{JoinError, finally, sleep, spawn, timeout, yield_now};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(10);
const HOUR: Duration = Duration::from_secs(3600);

/// Something that takes an await to close.
#[derive(Debug)]
pub struct Connection;

impl Connection {
    /// Opens it.
    #[must_use]
    pub fn open() -> Self {
        println!("open");
        Self
    }

    /// Closes it, which takes a moment.
    pub async fn close(self) {
        sleep(MOMENT).await;
        println!("closed");
    }
}

// ANCHOR: finally
/// Works for an hour. The connection is closed however that ends.
pub async fn work() {
    finally(Connection::open(), async |_: &mut Connection| sleep(HOUR).await, Connection::close).await;
}
// ANCHOR_END: finally

/// Cancels it once by name, and once by a timeout.
pub async fn main() {
    let task = spawn(work());
    yield_now().await;
    task.cancel("enough");
    match task.await {
        Err(cancelled @ JoinError::Cancelled(_)) => println!("{cancelled}"),
        other => println!("not cancelled: {other:?}"),
    }

    if let Err(elapsed) = timeout(MOMENT, work()).await {
        println!("{elapsed}");
    }
}
