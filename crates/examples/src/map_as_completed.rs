//! Many jobs on a pool: in the order of the input, as they come, and with a bound on how many are under way.
//!
//! ```python
//! from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
//!
//! NUMBERS = [27, 97, 871, 6171]
//!
//! def length(number):
//!     steps = 0
//!     while number != 1:
//!         number = number // 2 if number % 2 == 0 else 3 * number + 1
//!         steps += 1
//!     return steps
//!
//! with ThreadPoolExecutor(2) as pool:
//!     print("in order:", list(pool.map(length, NUMBERS)))
//!
//!     jobs = [pool.submit(length, number) for number in NUMBERS]
//!     print("as they come, sorted:", sorted(job.result() for job in as_completed(jobs)))
//!
//!     longest = max(pool.map(length, range(1, 1001)))
//!     print("of the first thousand, eight at a time:", longest)
//!
//!     jobs = [pool.submit(length, number) for number in NUMBERS]
//!     done, _ = wait(jobs, return_when=FIRST_COMPLETED)
//!     print("the first of four is done:", len(done) >= 1)
//! ```

use crate::long_computation::length;
use contract::{ExecutorExt, JobError, When, as_completed, wait};
use std::num::NonZeroUsize;
use thread_executor::ThreadPool;

/// What is computed.
pub const NUMBERS: [u64; 4] = [27, 97, 871, 6171];

/// At most so many jobs are under way: input that never ends would do as well.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(8).expect("it is not zero");

/// Four ways.
///
/// # Errors
///
/// A job gave no output.
pub async fn main() -> Result<(), JobError> {
    let pool = ThreadPool::new(const { NonZeroUsize::new(2).expect("it is not zero") });
    let work = |number: u64| move || length(number);

    let mut lengths = Vec::new();
    let mut outcomes = pool.map(NUMBERS.map(work), AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        lengths.push(outcome?);
    }
    println!("in order: {lengths:?}");

    let mut jobs = Vec::new();
    for number in NUMBERS {
        jobs.push(pool.submit(work(number)).await?);
    }
    let (mut lengths, mut completed) = (Vec::new(), as_completed(jobs));
    while let Some((_position, outcome)) = completed.next().await {
        lengths.push(outcome?);
    }
    lengths.sort_unstable();
    println!("as they come, sorted: {lengths:?}");

    let mut longest = 0;
    let mut outcomes = pool.map_unordered((1..=1000).map(work), AT_ONCE);
    while let Some((_position, outcome)) = outcomes.next().await {
        longest = longest.max(outcome?);
    }
    println!("of the first thousand, eight at a time: {longest}");

    let mut jobs = Vec::new();
    for number in NUMBERS {
        jobs.push(pool.submit(work(number)).await?);
    }
    let done = wait(&jobs, When::FirstCompleted).await;
    println!("the first of four is done: {}", if done.is_empty() { "False" } else { "True" });
    Ok(())
}
