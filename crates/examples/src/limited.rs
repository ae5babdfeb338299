//! A bound on how much of something runs at a time, around any executor.
//!
//! ```python
//! import asyncio, threading, time
//! from concurrent.futures import ThreadPoolExecutor
//!
//! class Gauge:
//!     def __init__(self):
//!         self.lock, self.inside, self.most = threading.Lock(), 0, 0
//!
//!     def during(self, work):
//!         with self.lock:
//!             self.inside += 1
//!             self.most = max(self.most, self.inside)
//!         try:
//!             return work()
//!         finally:
//!             with self.lock:
//!                 self.inside -= 1
//!
//! async def main():
//!     loop, gauge, semaphore = asyncio.get_running_loop(), Gauge(), asyncio.Semaphore(2)
//!
//!     def fetch(number):
//!         time.sleep(0.01)
//!         return f"page {number}"
//!
//!     async def limited(number):
//!         async with semaphore:
//!             return await loop.run_in_executor(pool, gauge.during, lambda: fetch(number))
//!
//!     with ThreadPoolExecutor(max_workers=6) as pool:
//!         for page in await asyncio.gather(*(limited(number) for number in range(1, 7))):
//!             print(page)
//!     if gauge.most <= 2:
//!         print("never were more than two fetched at once")
//!
//! asyncio.run(main())
//! ```

use contract::{Executor, ExecutorExt, JobError};
use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;
use sync_primitives::Limited;
use thread_executor::ThreadPool;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
const SIX: NonZeroUsize = NonZeroUsize::new(6).unwrap();

/// Counts how many are inside, and how many there ever were at once.
#[derive(Debug, Default)]
pub struct Gauge {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    /// Does `work`, and is inside meanwhile.
    pub fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        self.most.fetch_max(self.inside.fetch_add(1, SeqCst) + 1, SeqCst);
        let output = work();
        self.inside.fetch_sub(1, SeqCst);
        output
    }

    /// How many there ever were at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

/// Blocks its thread, as a library for the web might.
#[must_use]
pub fn fetch(number: u32) -> String {
    thread::sleep(Duration::from_millis(10));
    format!("page {number}")
}

/// Offers six pieces of work to `executor` at once, and gives their outputs in order. How many run at a time is up to
/// the executor.
///
/// # Errors
///
/// Why one of them gave no output.
pub async fn six<E, W>(executor: &E, work: impl Fn(u32) -> W) -> Result<Vec<E::Output>, JobError>
where
    E: Executor<W>,
{
    let mut outcomes = executor.map((1..=6).map(work), SIX);
    let mut outputs = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        outputs.push(outcome?);
    }
    Ok(outputs)
}

/// Six threads, of which two may fetch at a time.
///
/// # Errors
///
/// A page could not be fetched.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let gauge = Arc::new(Gauge::default());
    let pool = Limited::new(ThreadPool::new(SIX), TWO);
    let pages = six(&pool, |number| {
        let gauge = gauge.clone();
        move || gauge.during(|| fetch(number))
    });
    for page in pages.await? {
        println!("{page}");
    }
    if gauge.most() <= 2 {
        println!("never were more than two fetched at once");
    }
    Ok(())
}
