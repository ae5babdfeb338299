//! One says when, and all who wait for it go on.
//!
//! ```python
//! import asyncio
//!
//! async def guest(name, doors):
//!     print(f"{name} comes")
//!     await doors.wait()
//!     print(f"{name} enters")
//!
//! async def main():
//!     doors = asyncio.Event()
//!     guests = [asyncio.create_task(guest(name, doors)) for name in ("Ada", "Bob")]
//!     await asyncio.sleep(0)
//!     print("the doors open")
//!     doors.set()
//!     await asyncio.gather(*guests)
//!     await guest("Cem", doors)
//!
//!     doors.clear()
//!     late = asyncio.create_task(guest("Dora", doors))
//!     await asyncio.sleep(0)
//!     doors.set()
//!     doors.clear()
//!     await late
//!     print("the doors are", "open" if doors.is_set() else "closed")
//!
//! asyncio.run(main())
//! ```

use core_loop::{JoinError, gather, spawn, yield_now};
use std::rc::Rc;
use sync_primitives::Event;

/// Waits for the doors; enters at once if they are open.
pub async fn guest(name: &str, doors: Rc<Event>) {
    println!("{name} comes");
    doors.wait().await;
    println!("{name} enters");
}

/// Doors that stay open, and doors that close behind those who waited.
///
/// # Errors
///
/// A guest was cancelled.
pub async fn main() -> Result<(), JoinError> {
    let doors = Rc::new(Event::new());
    let guests = ["Ada", "Bob"].map(|name| spawn(guest(name, doors.clone())));
    yield_now().await;
    println!("the doors open");
    doors.set();
    gather(Vec::from(guests)).await?.into_iter().collect::<Result<(), _>>()?;
    guest("Cem", doors.clone()).await;

    doors.clear();
    let late = spawn(guest("Dora", doors.clone()));
    yield_now().await;
    doors.set();
    doors.clear();
    late.await?;
    println!("the doors are {}", if doors.is_set() { "open" } else { "closed" });
    Ok(())
}
