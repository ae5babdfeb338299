//! Somebody waits until shared data is as needed, and does not keep it from others meanwhile.
//!
//! ```python
//! import asyncio
//!
//! async def buyer(name, price, purse, changed):
//!     async with changed:
//!         await changed.wait_for(lambda: purse["coins"] >= price)
//!         purse["coins"] -= price
//!         print(f"{name} pays {price}, {purse['coins']} left")
//!
//! async def main():
//!     purse, changed = {"coins": 0}, asyncio.Condition()
//!     buyers = [asyncio.create_task(buyer(*who, purse, changed)) for who in (("Ada", 3), ("Bob", 1))]
//!     await asyncio.sleep(0)
//!     for coins in (2, 2):
//!         async with changed:
//!             purse["coins"] += coins
//!             print(f"{coins} more")
//!             changed.notify_all()
//!         await asyncio.sleep(0.01)
//!     await asyncio.gather(*buyers)
//!
//! asyncio.run(main())
//! ```
//!
//! There the condition holds the lock, and what it guards is a matter of discipline. Here the lock holds the data, and the
//! wait takes its guard: to wait, or to pay, without the lock does not compile.

use core_loop::{JoinError, gather, sleep, spawn, yield_now};
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::{Condition, Lock};

const SOON: Duration = Duration::from_millis(10);

/// Waits until there are enough coins, and takes them.
pub async fn buyer(name: &str, price: u32, purse: Rc<Lock<u32>>, changed: Rc<Condition>) {
    let mut coins = changed.wait_for(purse.lock().await, |coins| *coins >= price).await;
    *coins -= price;
    println!("{name} pays {price}, {coins} left");
}

/// The first coins are enough for one of them only.
///
/// # Errors
///
/// A buyer was cancelled.
pub async fn main() -> Result<(), JoinError> {
    let (purse, changed) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
    let buyers = [("Ada", 3), ("Bob", 1)];
    let buyers = buyers.map(|(name, price)| spawn(buyer(name, price, purse.clone(), changed.clone())));
    yield_now().await;
    for more in [2, 2] {
        let mut coins = purse.lock().await;
        *coins += more;
        println!("{more} more");
        changed.notify_all();
        drop(coins);
        sleep(SOON).await;
    }
    gather(Vec::from(buyers)).await?.into_iter().collect()
}
