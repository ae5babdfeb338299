//! One function in four places: the loop's own threads, a thread pool, an interpreter pool, a process pool.
//!
//! ```python
//! import asyncio
//! from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
//!
//! def squares(below):
//!     return sum(n * n for n in range(below))
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!     print("own threads:", await loop.run_in_executor(None, squares, 1000))
//!     with ThreadPoolExecutor(max_workers=2, thread_name_prefix="squares") as threads:
//!         print("thread pool:", await loop.run_in_executor(threads, squares, 1000))
//!     # Python 3.14 has concurrent.futures.InterpreterPoolExecutor.
//!     with ThreadPoolExecutor(max_workers=2) as interpreters:
//!         print("interpreter pool:", await loop.run_in_executor(interpreters, squares, 1000))
//!     with ProcessPoolExecutor(max_workers=2) as processes:
//!         print("process pool:", await loop.run_in_executor(processes, squares, 1000))
//!
//! if __name__ == "__main__":
//!     asyncio.run(main())
//! ```

use crate::guests;
use contract::{Executor, ExecutorExt, JobError};
use core_loop::to_thread;
use interpreter_executor::InterpreterPool;
use process_executor::{ProcessPool, call};
use std::error::Error;
use std::num::NonZeroUsize;
use std::ops::Range;
use thread_executor::ThreadPool;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// The sum of the squares of `numbers`: the function that goes to four places; a guest has its own form of it.
#[must_use]
pub fn squares(numbers: Range<u64>) -> u64 {
    numbers.map(|n| n * n).sum()
}

/// The sum of the squares below 1000, in four parts, two of them under way at a time.
///
/// It does not learn where they run: `part` makes a range into work of the kind that `executor` takes.
///
/// # Errors
///
/// Why a part gave no output.
pub async fn sum_squares<E, W>(executor: &E, part: impl Fn(Range<u64>) -> W) -> Result<u64, JobError>
where
    E: Executor<W, Output = u64>,
{
    let ranges = (0..1000).step_by(250).map(|start| start..start + 250);
    let mut sums = executor.map(ranges.map(part), TWO);
    let mut total = 0;
    while let Some(sum) = sums.next().await {
        total += sum?;
    }
    Ok(total)
}

/// The four places.
///
/// # Errors
///
/// One of them does not work here.
pub async fn main() -> Result<(), Box<dyn Error>> {
    println!("own threads: {}", to_thread(|| squares(0..1000)).await?);

    let threads = ThreadPool::builder().threads(TWO).name("squares").build();
    println!("thread pool: {}", sum_squares(&threads, |range| move || squares(range)).await?);

    let interpreters = InterpreterPool::builder().threads(TWO).build();
    let guest = interpreters.load(guests::numbers())?.function::<(u64, u64), u64>("squares")?;
    let sum = sum_squares(&interpreters, |range| guest.call((range.start, range.end))).await?;
    println!("interpreter pool: {sum}");

    let processes = ProcessPool::new(2)?;
    println!("process pool: {}", sum_squares(&processes, |range| call(squares, range)).await?);
    Ok(())
}
