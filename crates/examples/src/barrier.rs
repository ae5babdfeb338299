//! Nobody goes on before all have come; and if one will never come, nobody waits for ever.
//!
//! ```python
//! import asyncio
//!
//! async def runner(name, start):
//!     print(f"{name} is ready")
//!     try:
//!         number = await start.wait()
//!     except asyncio.BrokenBarrierError:
//!         print(f"{name} goes home")
//!     else:
//!         print(f"{name} starts as number {number}")
//!
//! async def main():
//!     start = asyncio.Barrier(3)
//!     await asyncio.gather(*(runner(name, start) for name in ("Ada", "Bob", "Cem")))
//!     runners = [asyncio.create_task(runner(name, start)) for name in ("Dora", "Emil")]
//!     await asyncio.sleep(0)
//!     print("it rains")
//!     await start.abort()
//!     await asyncio.gather(*runners)
//!
//! asyncio.run(main())
//! ```

use core_loop::{JoinError, gather, spawn, yield_now};
use std::rc::Rc;
use sync_primitives::Barrier;

/// Waits for the others.
pub async fn runner(name: &str, start: Rc<Barrier>) {
    println!("{name} is ready");
    match start.wait().await {
        Ok(number) => println!("{name} starts as number {number}"),
        Err(_) => println!("{name} goes home"),
    }
}

/// A start of three, and one that is called off.
///
/// # Errors
///
/// A runner was cancelled.
pub async fn main() -> Result<(), JoinError> {
    let start = Rc::new(Barrier::new(3));
    let ready = |name| spawn(runner(name, start.clone()));
    gather(Vec::from(["Ada", "Bob", "Cem"].map(ready))).await?.into_iter().collect::<Result<(), _>>()?;
    let runners = ["Dora", "Emil"].map(ready);
    yield_now().await;
    println!("it rains");
    start.abort();
    gather(Vec::from(runners)).await?.into_iter().collect()
}
