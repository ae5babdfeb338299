//! A program without a loop keeps one in a thread, and asks it for what is easier with one.
//!
//! ```python
//! import asyncio
//! import threading
//!
//! class LoopThread:
//!     def __init__(self):
//!         self.loop = asyncio.new_event_loop()
//!         self.thread = threading.Thread(target=self.loop.run_forever)
//!         self.thread.start()
//!
//!     def run(self, coroutine):
//!         return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()
//!
//!     def stop(self):
//!         self.loop.call_soon_threadsafe(self.loop.stop)
//!         self.thread.join()
//!         self.loop.close()
//!
//! async def ask(question):
//!     await asyncio.sleep(0.001)
//!     return f"{question}!"
//!
//! async def ask_both():
//!     return " ".join(await asyncio.gather(ask("ping"), ask("pong")))
//!
//! there = LoopThread()
//! print(there.run(ask("hello")))
//! print(there.run(ask_both()))
//! there.stop()
//! print("closed")
//! ```

use contract::{ExecutorExt, JobError};
use core_loop::{CloseReport, Loop, LoopHandle, RunError, Runner, gather, pinned, sleep};
use std::error::Error;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A loop on a thread of its own. For one on each core there is [`LoopPool`](core_loop::LoopPool).
#[derive(Debug)]
pub struct LoopThread {
    handle: LoopHandle,
    thread: JoinHandle<Result<CloseReport, RunError>>,
}

impl LoopThread {
    /// Starts the thread, which makes its own runner: neither a loop nor its driver can be sent.
    ///
    /// # Errors
    ///
    /// What `make` says, or that there can be no more threads.
    pub fn start<E: Error + Send + Sync + 'static>(
        make: impl FnOnce() -> Result<Runner, E> + Send + 'static,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (begin, begun) = mpsc::channel();
        let thread = std::thread::Builder::new().name("loop".into()).spawn(move || {
            let mut runner = match make() {
                Ok(runner) => runner,
                Err(error) => {
                    let _told = begin.send(Err(error));
                    return Ok(CloseReport::default());
                }
            };
            let _told = begin.send(Ok(runner.get_loop().handle()));
            runner.run_forever()?;
            Ok(runner.close(Duration::from_secs(10)))
        })?;
        Ok(Self { handle: begun.recv()??, thread })
    }

    /// Runs what `function` makes on the loop, and blocks this thread until there is an output.
    ///
    /// # Errors
    ///
    /// It panicked, or the loop is closed.
    pub fn run<F, T>(&self, function: F) -> Result<T, JobError>
    where
        F: AsyncFnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle.try_submit(pinned(function))?.wait()
    }

    /// Stops the loop, closes it, and waits for both.
    ///
    /// # Errors
    ///
    /// It had ended before: its driver gave up.
    ///
    /// # Panics
    ///
    /// If the loop's thread did.
    pub fn stop(self) -> Result<CloseReport, RunError> {
        // Refused only if it has stopped already.
        let _stopping = self.handle.call_soon_threadsafe(|| Loop::current().stop());
        self.thread.join().expect("the loop's thread ends well")
    }
}

/// Takes a moment to answer.
pub async fn ask(question: &str) -> String {
    sleep(Duration::from_millis(1)).await;
    format!("{question}!")
}

/// Without a loop on this thread.
///
/// # Errors
///
/// The loop cannot run here.
pub fn main<E: Error + Send + Sync + 'static>(
    make: impl FnOnce() -> Result<Runner, E> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let there = LoopThread::start(make)?;
    println!("{}", there.run(async || ask("hello").await)?);
    let both = there.run(async || gather((ask("ping"), ask("pong"))).await)?;
    let (ping, pong) = both?;
    println!("{ping} {pong}");
    let report = there.stop()?;
    println!("{}", if report.is_clean() { "closed".to_owned() } else { report.to_string() });
    Ok(())
}
