//! Tasks that belong together: one that fails ends the others, and nobody goes on before all have cleaned up.
//!
//! ```python
//! import asyncio
//!
//! async def download(page, time):
//!     try:
//!         await asyncio.sleep(time)
//!     except asyncio.CancelledError:
//!         await asyncio.sleep(0.01)
//!         print(f"{page}: cancelled, and its half removed")
//!         raise
//!     if page == "missing":
//!         raise FileNotFoundError(f"{page}: not found")
//!     return len(page)
//!
//! async def main():
//!     async with asyncio.TaskGroup() as group:
//!         index = group.create_task(download("index", 0.02))
//!         about = group.create_task(download("about", 0.01))
//!     print(f"both pages: {index.result() + about.result()} letters")
//!
//!     try:
//!         async with asyncio.TaskGroup() as group:
//!             group.create_task(download("index", 3600))
//!             group.create_task(download("missing", 0.01))
//!     except* FileNotFoundError as group:
//!         for error in group.exceptions:
//!             print(f"the group failed: {error}")
//!
//!     # AnyIO and trio have `start`; asyncio makes do with a future.
//!     async with asyncio.TaskGroup() as group:
//!         port = asyncio.get_running_loop().create_future()
//!         server = group.create_task(serve(port))
//!         print(f"the server listens on port {await port}")
//!         server.cancel()
//!
//!     # Nothing has to be said to borrow in Python.
//!     words = ["borrowed", "not", "owned"]
//!     async with asyncio.TaskGroup() as group:
//!         lengths = [group.create_task(length(word)) for word in words]
//!     print(f"lengths: {[length.result() for length in lengths]}")
//!
//! async def serve(port):
//!     await asyncio.sleep(0)
//!     port.set_result(80)
//!     await asyncio.sleep(3600)
//!
//! async def length(word):
//!     await asyncio.sleep(0)
//!     return len(word)
//!
//! asyncio.run(main())
//! ```

use core_loop::{ScopedGroup, TaskGroup, TaskStatus, finally, sleep, yield_now};
use std::error::Error;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(10);
const HOUR: Duration = Duration::from_secs(3600);

/// What the children fail with.
type Failure = Box<dyn Error>;

/// Takes `time` to fetch `page`, and removes its half if it is cancelled meanwhile.
///
/// # Errors
///
/// There is no page `missing`.
// ANCHOR: download
pub async fn download(page: &'static str, time: Duration) -> Result<usize, Failure> {
    let half = finally(
        Some(page),
        async |half: &mut Option<&str>| {
            sleep(time).await;
            half.take()
        },
        async |half: Option<&str>| {
            if let Some(page) = half {
                sleep(MOMENT).await;
                println!("{page}: cancelled, and its half removed");
            }
        },
    );
    match half.await {
        Some("missing") => Err("missing: not found".into()),
        page => Ok(page.map_or(0, str::len)),
    }
}
// ANCHOR_END: download

/// A group that ends well: its children's handles give the values.
///
/// # Errors
///
/// A page is missing.
// ANCHOR: both
pub async fn both() -> Result<usize, Failure> {
    let (index, about) = TaskGroup::<Failure>::scope(async |group| {
        let index = group.spawn(download("index", MOMENT * 2));
        let about = group.spawn(download("about", MOMENT));
        Ok((index, about))
    })
    .await?;
    // Both have ended.
    Ok(index.await? + about.await?)
}
// ANCHOR_END: both

/// A group whose child fails.
///
/// # Errors
///
/// Always: a page is missing.
// ANCHOR: fails
pub async fn one_fails() -> Result<(), Failure> {
    let group = TaskGroup::<Failure>::scope(async |group| {
        group.spawn(download("index", HOUR));
        group.spawn(download("missing", MOMENT));
        Ok(())
    });
    // `GroupError` holds all that failed; its text names them.
    Ok(group.await?)
}
// ANCHOR_END: fails

// ANCHOR: start
/// Says when it listens, and on which port; then it serves.
///
/// # Errors
///
/// None in this example.
pub async fn serve(status: TaskStatus<u16>) -> Result<(), Failure> {
    yield_now().await;
    status.started(80);
    sleep(HOUR).await;
    Ok(())
}

/// Goes on when the server says that it is ready.
///
/// # Errors
///
/// The server fails.
pub async fn started() -> Result<(), Failure> {
    let group = TaskGroup::<Failure>::scope(async |group| {
        let (port, server) = group.start(serve).await?;
        println!("the server listens on port {port}");
        server.cancel("nobody comes");
        Ok(())
    });
    Ok(group.await?)
}
// ANCHOR_END: start

/// Children that borrow what their caller owns.
///
/// # Errors
///
/// None in this example.
// ANCHOR: scoped
pub async fn lengths(words: &[String]) -> Result<Vec<usize>, Failure> {
    let mut lengths = vec![0; words.len()];
    ScopedGroup::<Failure>::scope(async |group| {
        for (word, length) in words.iter().zip(&mut lengths) {
            group.spawn(async move {
                yield_now().await;
                *length = word.len();
                Ok(())
            });
        }
        Ok(())
    })
    .await?;
    Ok(lengths)
}
// ANCHOR_END: scoped

/// One after the other.
///
/// # Errors
///
/// One of them fails that should not.
pub async fn main() -> Result<(), Failure> {
    println!("both pages: {} letters", both().await?);
    if let Err(error) = one_fails().await {
        println!("{error}");
    }
    started().await?;
    let words = ["borrowed", "not", "owned"].map(String::from);
    println!("lengths: {:?}", lengths(&words).await?);
    Ok(())
}
