//! Waiting for several: all of them, the first of them, or each as it comes.
//!
//! ```python
//! import asyncio
//!
//! async def fetch(page, turns):
//!     for _ in range(turns):
//!         await asyncio.sleep(0)
//!     if page == "missing":
//!         raise FileNotFoundError(f"{page}: not found")
//!     return page
//!
//! def said(outcome):
//!     return str(outcome)
//!
//! async def main():
//!     slow, fast = await asyncio.gather(fetch("slow", 20), fetch("fast", 1))
//!     print(f"in their order: {slow}, {fast}")
//!
//!     both = await asyncio.gather(fetch("missing", 1), fetch("fast", 5), return_exceptions=True)
//!     print(f"errors in their places: {said(both[0])}; {said(both[1])}")
//!
//!     try:
//!         await asyncio.gather(fetch("missing", 1), fetch("slow", 20))
//!     except FileNotFoundError as error:
//!         print(f"the first error ends it: {error}")
//!
//!     tasks = [asyncio.create_task(fetch(page, turns)) for page, turns in (("slow", 40), ("fast", 1), ("third", 20))]
//!     done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
//!     print(f"first {done.pop().result()}, {len(pending)} pending")
//!     done, pending = await asyncio.wait(tasks)
//!     print(f"all {len(done)}, {len(pending)} pending")
//!
//!     tasks = [asyncio.create_task(fetch(page, turns)) for page, turns in (("slow", 40), ("fast", 1), ("missing", 20))]
//!     for task in asyncio.as_completed(tasks):
//!         try:
//!             print(f"came: {await task}")
//!         except FileNotFoundError as error:
//!             print(f"came: {error}")
//!
//! asyncio.run(main())
//! ```

use core_loop::{
    JoinError, ReturnWhen, Task, Waited, as_completed, gather, spawn, try_gather, wait, yield_now,
};
use std::error::Error;

/// Takes so many turns of the loop to fetch `page`.
///
/// # Errors
///
/// There is no page `missing`.
pub async fn fetch(page: &'static str, turns: u32) -> Result<&'static str, String> {
    for _ in 0..turns {
        yield_now().await;
    }
    if page == "missing" { Err(format!("{page}: not found")) } else { Ok(page) }
}

/// The page, or why there is none.
fn said(outcome: Result<&'static str, String>) -> String {
    outcome.map_or_else(|error| error, str::to_owned)
}

/// All of them: the outputs stand in the order of the futures.
///
/// # Errors
///
/// A page is missing, or the loop closes.
pub async fn all() -> Result<(), Box<dyn Error>> {
    let (slow, fast) = try_gather((fetch("slow", 20), fetch("fast", 1))).await??;
    println!("in their order: {slow}, {fast}");

    let (missing, fast) = gather((fetch("missing", 1), fetch("fast", 5))).await?;
    println!("errors in their places: {}; {}", said(missing), said(fast));

    // The other goes on, as in Python; a `TaskGroup` would end it.
    if let Err(error) = try_gather((fetch("missing", 1), fetch("slow", 20))).await? {
        println!("the first error ends it: {error}");
    }
    Ok(())
}

/// Three tasks; the second ends first.
fn three(third: &'static str) -> [Task<Result<&'static str, String>>; 3] {
    [("slow", 40), ("fast", 1), (third, 20)].map(|(page, turns)| spawn(fetch(page, turns)))
}

/// The first of them, then the rest: the handles stay with their owner.
///
/// # Errors
///
/// A task was cancelled.
pub async fn first() -> Result<(), JoinError> {
    let mut tasks = three("third");
    let Waited { done, pending } = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).await;
    let left = pending.len();
    for task in done {
        println!("first {}, {left} pending", said(task.await?));
    }
    let Waited { done, pending } = wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await;
    println!("all {}, {} pending", done.len(), pending.len());
    Ok(())
}

/// Each as it comes: a stream of the handles.
///
/// # Errors
///
/// A task was cancelled.
pub async fn each() -> Result<(), JoinError> {
    let mut tasks = as_completed(three("missing"));
    while let Some(task) = tasks.next().await {
        println!("came: {}", said(task.await?));
    }
    Ok(())
}

/// One after the other.
///
/// # Errors
///
/// As theirs.
pub async fn main() -> Result<(), Box<dyn Error>> {
    all().await?;
    first().await?;
    each().await?;
    Ok(())
}
