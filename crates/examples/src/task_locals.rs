//! What a task carries with it: the tasks that it spawns and the threads that it asks see it, and nobody else does.
//!
//! ```python
//! import asyncio
//! from contextvars import ContextVar
//!
//! REQUEST = ContextVar("request")
//!
//! def log(words):
//!     print(f"[{REQUEST.get('-')}] {words}")
//!
//! async def handle(number):
//!     REQUEST.set(number)
//!     await asyncio.create_task(look_up())
//!     log("answered")
//!
//! async def look_up():
//!     log("looks up")
//!     await asyncio.to_thread(log, "on a thread")
//!
//! async def main():
//!     for number in 1, 2:
//!         await asyncio.create_task(handle(number))
//!     log("done")
//!
//! asyncio.run(main())
//! ```

use contract::JobError;
use core_loop::{TaskLocal, spawn, to_thread};
use std::error::Error;

/// Which request a task works for.
pub static REQUEST: TaskLocal<u32> = TaskLocal::new();

/// Prints `words`, and for which request.
pub fn log(words: &str) {
    let request = REQUEST.get().map_or_else(|| "-".to_owned(), |request| request.to_string());
    println!("[{request}] {words}");
}

/// Answers a request; nothing below is told which one.
async fn handle(number: u32) -> Result<(), Box<dyn Error>> {
    REQUEST.set(number);
    spawn(look_up()).await??;
    log("answered");
    Ok(())
}

async fn look_up() -> Result<(), JobError> {
    log("looks up");
    to_thread(|| log("on a thread")).await
}

/// Two requests, each in a task of its own.
///
/// # Errors
///
/// A thread could not be asked.
pub async fn main() -> Result<(), Box<dyn Error>> {
    for number in [1, 2] {
        spawn(handle(number)).await??;
    }
    log("done");
    Ok(())
}
