//! A log that is written off the loop: a disk that is slow holds up nobody.
//!
//! ```python
//! import asyncio, logging, os, queue, tempfile
//! from logging.handlers import QueueHandler, QueueListener
//!
//! async def work(log, name):
//!     for step in range(3):
//!         log.info(f"{name}: step {step}")
//!         await asyncio.sleep(0)
//!
//! async def main():
//!     with tempfile.TemporaryDirectory() as directory:
//!         path = os.path.join(directory, "log")
//!         lines = queue.Queue(1000)
//!         listener = QueueListener(lines, logging.FileHandler(path))
//!         listener.start()
//!         log = logging.getLogger("example")
//!         log.setLevel(logging.INFO)
//!         log.addHandler(QueueHandler(lines))
//!
//!         async with asyncio.TaskGroup() as group:
//!             for name in ["one", "two"]:
//!                 group.create_task(work(log, name))
//!         await asyncio.to_thread(listener.stop)
//!         print(open(path).read(), end="")
//!
//! asyncio.run(main())
//! ```

use core_loop::{Task, TaskGroup, spawn, yield_now};
use loop_io::files;
use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use sync_primitives::Queue;

/// How many lines may wait for the disk.
const LINES_MAX: usize = 1000;

// ANCHOR: writer
/// A log. Whoever writes to it never waits: a line that finds no room is counted instead.
#[derive(Debug, Clone)]
pub struct Log {
    lines: Rc<Queue<String>>,
    lost: Rc<Cell<u64>>,
}

impl Log {
    /// A log that is appended to the file at `path`, and the task that does it. It ends when the log is closed and everything
    /// is written.
    pub fn open(path: PathBuf) -> (Self, Task<io::Result<()>>) {
        let log = Self { lines: Rc::new(Queue::bounded(LINES_MAX)), lost: Rc::default() };
        let writes = log.clone();
        (log, spawn(async move { writes.write_to(path).await }).named("log writer"))
    }

    /// Says one more line.
    pub fn info(&self, line: impl Into<String>) {
        if self.lines.put_nowait(line.into()).is_err() {
            self.lost.set(self.lost.get() + 1);
        }
    }

    /// Nothing is said any more.
    pub fn close(&self) {
        self.lines.shutdown(false);
    }

    /// Appends on a thread, all that has come meanwhile in one go.
    async fn write_to(&self, path: PathBuf) -> io::Result<()> {
        while let Ok(mut batch) = self.lines.get().await {
            batch.push('\n');
            while let Ok(line) = self.lines.get_nowait() {
                batch.push_str(&line);
                batch.push('\n');
            }
            match self.lost.take() {
                0 => {}
                lost => batch.push_str(&format!("{lost} lines are lost: the disk was too slow\n")),
            }
            files::append(&path, batch).await?;
        }
        Ok(())
    }
}
// ANCHOR_END: writer

/// Logs three steps.
async fn work(log: Log, name: &'static str) -> Result<(), Infallible> {
    for step in 0..3 {
        log.info(format!("{name}: step {step}"));
        yield_now().await;
    }
    Ok(())
}

/// Two tasks log, and what they said stands in the file.
///
/// # Errors
///
/// What the kernel says of the file.
// ANCHOR: main
pub async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("an-example-{}.log", std::process::id()));
    let (log, written) = Log::open(path.clone());

    TaskGroup::scope(async |group| {
        for name in ["one", "two"] {
            group.spawn(work(log.clone(), name));
        }
        Ok::<_, Infallible>(())
    })
    .await?;
    log.close();
    written.await??;
    print!("{}", files::read_to_string(&path).await?);
    Ok(std::fs::remove_file(path)?)
}
// ANCHOR_END: main

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Log};
    use loop_io::files;

    #[test]
    fn a_log_that_is_full_says_how_much_is_lost_and_keeps_nobody_waiting() {
        core_loop::run(async {
            let path = std::env::temp_dir().join(format!("a-full-log-{}", std::process::id()));
            let (log, written) = Log::open(path.clone());
            for number in 0..LINES_MAX + 7 {
                log.info(number.to_string());
            }
            log.close();
            written.await.unwrap().unwrap();
            let said = files::read_to_string(&path).await.unwrap();
            std::fs::remove_file(path).unwrap();
            assert_eq!(said.lines().count(), LINES_MAX + 1);
            assert_eq!(said.lines().last(), Some("7 lines are lost: the disk was too slow"));
        })
        .unwrap();
    }
}
