//! A child is fed and heard; another one takes too long, and is ended.
//!
//! ```python
//! import asyncio
//! from asyncio.subprocess import PIPE
//!
//! async def main():
//!     sort = await asyncio.create_subprocess_exec("sort", stdin=PIPE, stdout=PIPE)
//!     output, _ = await sort.communicate(b"pear\napple\nplum\n")
//!     print(output.decode(), end="")
//!     print(f"sort ended with {sort.returncode}")
//!
//!     slow = await asyncio.create_subprocess_exec("sleep", "3600")
//!     try:
//!         async with asyncio.timeout(0.01):
//!             await slow.wait()
//!     except TimeoutError:
//!         slow.terminate()
//!     print(f"sleep ended with {await slow.wait()}")
//!
//! asyncio.run(main())
//! ```

use core_loop::timeout;
use loop_io::process::{Command, Stdio};
use std::io;
use std::time::Duration;

// ANCHOR: child
/// Sorts three lines, and does not wait an hour.
///
/// # Errors
///
/// One of the programs is not there.
pub async fn main() -> io::Result<()> {
    let mut sort = Command::new("sort").stdin(Stdio::PIPE).stdout(Stdio::PIPE).spawn()?;
    let output = sort.communicate("pear\napple\nplum\n").await?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    println!("sort ended with {}", sort.returncode().unwrap_or_default());

    let slow = Command::new("sleep").arg("3600").spawn()?;
    if timeout(Duration::from_millis(10), slow.wait()).await.is_err() {
        slow.terminate()?;
    }
    slow.wait().await;
    println!("sleep ended with {}", slow.returncode().unwrap_or_default());
    Ok(())
}
// ANCHOR_END: child
