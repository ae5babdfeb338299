//! A generator with awaits: a stream that is written as a loop, and read as one.
//!
//! ```python
//! import asyncio
//!
//! async def countdown(start):
//!     try:
//!         for number in range(start, 0, -1):
//!             await asyncio.sleep(0.001)
//!             yield number
//!     finally:
//!         await asyncio.sleep(0.001)
//!         print("the countdown is cleaned up")
//!
//! async def main():
//!     async for number in countdown(3):
//!         print(number)
//!
//!     print("again, but not to the end")
//!     numbers = countdown(3)
//!     async for number in numbers:
//!         print(number)
//!         if number == 2:
//!             break
//!     await numbers.aclose()
//!     print("lift-off")
//!
//! asyncio.run(main())
//! ```

use core_loop::stream::{Generator, generate};
use core_loop::{finally, sleep};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Counts from `start` down to one, a number a millisecond; its clean-up awaits, too.
pub fn countdown(start: u32) -> Generator<'static, u32> {
    generate(async move |y| {
        let body = async |(): &mut ()| {
            for number in (1..=start).rev() {
                sleep(MS).await;
                y.yield_(number).await;
            }
        };
        let clean_up = async |()| {
            sleep(MS).await;
            println!("the countdown is cleaned up");
        };
        finally((), body, clean_up).await;
    })
}

/// Once to the end, and once half way.
pub async fn main() {
    let mut numbers = countdown(3);
    while let Some(number) = numbers.next().await {
        println!("{number}");
    }

    println!("again, but not to the end");
    let mut numbers = countdown(3);
    while let Some(number) = numbers.next().await {
        println!("{number}");
        if number == 2 {
            break;
        }
    }
    numbers.close().await;
    println!("lift-off");
}
