//! What must be finished is finished, whoever gives up waiting for it.
//!
//! ```python
//! import asyncio
//!
//! async def save(disk, saved):
//!     await disk.wait()
//!     print("saved")
//!     saved.set()
//!     return "the letter"
//!
//! async def edit(disk, saved):
//!     # `shield` keeps no task alive: somebody must hold it.
//!     saving.add(task := asyncio.create_task(save(disk, saved)))
//!     await asyncio.shield(task)
//!
//! saving = set()
//!
//! async def main():
//!     disk, saved = asyncio.Event(), asyncio.Event()
//!     editor = asyncio.create_task(edit(disk, saved))
//!     await asyncio.sleep(0)
//!     await asyncio.sleep(0)
//!     editor.cancel("the window was closed")
//!     try:
//!         await editor
//!     except asyncio.CancelledError as cancelled:
//!         print(f"the task was cancelled: {cancelled}")
//!     disk.set()
//!     await saved.wait()
//!
//!     disk, saved = asyncio.Event(), asyncio.Event()
//!     task = asyncio.create_task(save(disk, saved))
//!     try:
//!         async with asyncio.timeout(0.01):
//!             await asyncio.shield(task)
//!     except TimeoutError:
//!         print("not yet")
//!     disk.set()
//!     print(f"{await task}, at last")
//!
//! asyncio.run(main())
//! ```

use core_loop::{JoinError, Waitable, shield, spawn, timeout, yield_now};
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::Event;

const SOON: Duration = Duration::from_millis(10);

/// Waits for the disk, and says when it is done.
pub async fn save(disk: Arc<Event>, saved: Arc<Event>) -> &'static str {
    disk.wait().await;
    println!("saved");
    saved.set();
    "the letter"
}

/// A cancel of the editor ends its waiting; the save is a task of its own, and goes on.
///
/// # Errors
///
/// The save itself was cancelled.
pub async fn edit(disk: Arc<Event>, saved: Arc<Event>) -> Result<(), JoinError> {
    shield(save(disk, saved)).await?;
    Ok(())
}

/// Once by a cancel, and once by a timeout that leaves the handle with its owner.
///
/// # Errors
///
/// A save was cancelled.
pub async fn main() -> Result<(), JoinError> {
    let (disk, saved) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let editor = spawn(edit(disk.clone(), saved.clone()));
    yield_now().await;
    editor.cancel("the window was closed");
    if let Err(cancelled) = editor.await {
        println!("{cancelled}");
    }
    disk.set();
    saved.wait().await;

    let (disk, saved) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let mut task = spawn(save(disk.clone(), saved));
    if timeout(SOON, (&mut task).shield()).await.is_err() {
        println!("not yet");
    }
    disk.set();
    println!("{}, at last", task.await?);
    Ok(())
}
