//! A second of CPU inside a task holds up every other task by a second; on a thread or in a process it does not.
//!
//! ```python
//! import asyncio, time
//! from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
//!
//! def burn(seconds):
//!     end = time.perf_counter() + seconds
//!     while time.perf_counter() < end:
//!         pass
//!
//! async def burn_here(seconds):
//!     burn(seconds)
//!
//! async def heartbeat(over):
//!     worst = 0
//!     while not over.is_set():
//!         due = time.perf_counter() + 0.01
//!         await asyncio.sleep(0.01)
//!         worst = max(worst, time.perf_counter() - due)
//!     return worst
//!
//! async def measure(place, work, seconds):
//!     over = asyncio.Event()
//!     heart = asyncio.create_task(heartbeat(over))
//!     await asyncio.sleep(0)
//!     await work
//!     over.set()
//!     late = await heart
//!     verdict = f"was late by about {seconds}s" if late > seconds * 0.75 else "kept time"
//!     print(f"burning {place}: the heartbeat {verdict}")
//!
//! async def in_time(place, work, seconds):
//!     try:
//!         await asyncio.wait_for(work, seconds / 2)
//!         print(f"burning {place} for half the time: done")
//!     except TimeoutError:
//!         print(f"burning {place} for half the time: given up")
//!
//! async def main(seconds):
//!     loop = asyncio.get_running_loop()
//!     await measure("in a task", burn_here(seconds), seconds)
//!     with ThreadPoolExecutor() as pool:
//!         await measure("on a thread", loop.run_in_executor(pool, burn, seconds), seconds)
//!         await in_time("on a thread", loop.run_in_executor(pool, burn, seconds), seconds)
//!     with ProcessPoolExecutor() as pool:
//!         await measure("in a process", loop.run_in_executor(pool, burn, seconds), seconds)
//!         await in_time("in a process", loop.run_in_executor(pool, burn, seconds), seconds)
//!
//! if __name__ == "__main__":
//!     asyncio.run(main(1))
//! ```

use contract::{Executor, ExecutorExt, JobError, Stop, Submit, checkpoint};
use core_loop::{Loop, run_in_executor, sleep_until, spawn, yield_now};
use process_executor::{ProcessPool, call};
use std::cell::Cell;
use std::error::Error;
use std::hint::spin_loop;
use std::rc::Rc;
use std::time::{Duration, Instant};
use thread_executor::ThreadPool;

/// How long the heart rests.
const REST: Duration = Duration::from_millis(10);

/// Computes for so long, and never lets go of its thread.
pub fn burn(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        spin_loop();
    }
}

/// The same, but asks now and then whether anybody still waits for it.
///
/// # Errors
///
/// Why it stopped early.
pub fn burn_or_stop(time: Duration) -> Result<(), Stop> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        checkpoint()?;
    }
    Ok(())
}

/// Beats until it is over; says how late the latest beat was.
pub async fn heartbeat(over: Rc<Cell<bool>>) -> Duration {
    let mut worst = Duration::ZERO;
    while !over.get() {
        let due = Instant::now() + REST;
        sleep_until(due).await;
        worst = worst.max(due.elapsed());
    }
    worst
}

/// Runs `work` on `executor` beside a heartbeat; says how late the latest beat was.
///
/// # Errors
///
/// Why `work` gave no output.
pub async fn latest_beat<E, W>(executor: &E, work: W) -> Result<Duration, Box<dyn Error>>
where
    E: Executor<W>,
{
    let over = Rc::new(Cell::new(false));
    let heart = spawn(heartbeat(over.clone()));
    yield_now().await; // the heart begins
    let outcome = run_in_executor(executor, work).await;
    over.set(true);
    let late = heart.await?;
    outcome?;
    Ok(late)
}

/// Burns for `time` in a task of the loop, on a thread and in a process.
///
/// # Errors
///
/// One of them does not work here.
pub async fn main(time: Duration) -> Result<(), Box<dyn Error>> {
    let this_loop = Loop::current().handle();
    say("in a task", time, latest_beat(&this_loop, async move { burn(time) }).await?);

    let threads = ThreadPool::default();
    say("on a thread", time, latest_beat(&threads, move || burn(time)).await?);
    in_time("on a thread", threads.run_with(move || burn_or_stop(time), half(time)).await)?;

    let processes = ProcessPool::new(1)?;
    say("in a process", time, latest_beat(&processes, call(burn, time)).await?);
    in_time("in a process", processes.run_with(call(burn, time), half(time)).await)?;
    Ok(())
}

/// It must be done in half of the time that it takes.
fn half(time: Duration) -> Submit {
    Submit::new().deadline(time / 2)
}

/// Says whether the work was done in time. Python waits at the end for work that it gave up; here a worker process is
/// killed, and a thread stops at its next checkpoint.
fn in_time<T>(place: &str, outcome: Result<T, JobError>) -> Result<(), JobError> {
    match outcome {
        Ok(_) => println!("burning {place} for half the time: done"),
        Err(JobError::Deadline { .. }) => println!("burning {place} for half the time: given up"),
        Err(other) => return Err(other),
    }
    Ok(())
}

/// In words, so that it reads the same on a machine that is busy with something else.
fn say(place: &str, time: Duration, late: Duration) {
    if late > time.mul_f64(0.75) {
        println!("burning {place}: the heartbeat was late by about {time:?}");
    } else {
        println!("burning {place}: the heartbeat kept time");
    }
}
