//! A long computation that gives way: on the loop in small pieces, or as a whole on a thread.
//!
//! ```python
//! import asyncio
//!
//! PIECE, PIECES = 1000, 20
//!
//! def length(number):
//!     steps = 0
//!     while number != 1:
//!         number = number // 2 if number % 2 == 0 else 3 * number + 1
//!         steps += 1
//!     return steps
//!
//! def longest(numbers):
//!     return max(numbers, key=lambda number: (length(number), number))
//!
//! async def in_pieces():
//!     best = 1
//!     for piece in range(PIECES):
//!         begin = piece * PIECE + 1
//!         best = longest([best, longest(range(begin, begin + PIECE))])
//!         await asyncio.sleep(0)
//!     return best
//!
//! ticks = 0
//!
//! async def tick():
//!     global ticks
//!     while True:
//!         ticks += 1
//!         await asyncio.sleep(0)
//!
//! async def main():
//!     ticking = asyncio.create_task(tick())
//!     best = await in_pieces()
//!     print(f"in pieces: {best}, and the others had {ticks} turns meanwhile")
//!     ticking.cancel()
//!     best = await asyncio.to_thread(longest, range(1, PIECES * PIECE + 1))
//!     print(f"on a thread: {best}")
//!
//! asyncio.run(main())
//! ```

use contract::JobError;
use core_loop::{spawn, to_thread, yield_now};
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// So many numbers are tried between two yields: less than a millisecond of work, which nobody notices.
pub const PIECE: u64 = 1000;

/// So many pieces there are.
pub const PIECES: u64 = 20;

/// How many steps it takes from `number` down to one: half of it if it is even, else thrice and one.
#[must_use]
pub fn length(mut number: u64) -> u32 {
    let mut steps = 0;
    while number != 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

/// The number with the most steps; the largest of equal ones.
#[must_use]
pub fn longest(numbers: Range<u64>) -> u64 {
    numbers.max_by_key(|number| (length(*number), *number)).unwrap_or(1)
}

/// On the loop's own thread, where it may use what belongs to the loop. After each piece everybody else has a turn.
pub async fn in_pieces() -> u64 {
    let mut best = 1;
    for piece in 0..PIECES {
        let begin = piece * PIECE + 1;
        let next = longest(begin..begin + PIECE);
        best = [best, next].into_iter().max_by_key(|number| (length(*number), *number)).unwrap_or(best);
        yield_now().await;
    }
    best
}

/// Both ways. The second is the better one wherever the work can be sent.
///
/// # Errors
///
/// The thread could not be started.
pub async fn main() -> Result<(), JobError> {
    let ticks = Rc::new(Cell::new(0));
    let count = ticks.clone();
    let ticking = spawn(async move {
        loop {
            count.set(count.get() + 1);
            yield_now().await;
        }
    });
    let best = in_pieces().await;
    println!("in pieces: {best}, and the others had {} turns meanwhile", ticks.get());
    ticking.cancel("it was only there to be counted");

    let best = to_thread(|| longest(1..PIECES * PIECE + 1)).await?;
    println!("on a thread: {best}");
    Ok(())
}
