//! Callbacks at a time, and a loop that runs until one of them stops it.
//!
//! ```python
//! import asyncio
//!
//! def display(times):
//!     print("tick")
//!     loop = asyncio.get_running_loop()
//!     if times == 1:
//!         loop.stop()
//!     else:
//!         loop.call_later(0.002, display, times - 1)
//!
//! loop = asyncio.new_event_loop()
//! loop.call_soon(display, 3)
//! never = loop.call_later(0.001, print, "never")
//! never.cancel()
//! loop.run_forever()
//! print("stopped")
//! loop.close()
//! ```

use core_loop::{Loop, RunError, Runner};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Prints, and comes back later; the last one stops the loop.
pub fn display(times: u32) {
    println!("tick");
    let lp = Loop::current();
    if times == 1 {
        lp.stop();
    } else {
        lp.call_later(2 * MS, move || display(times - 1));
    }
}

/// A loop without a main: its callbacks are all there is.
///
/// # Errors
///
/// A loop is running on this thread already.
pub fn main(mut runner: Runner) -> Result<(), RunError> {
    runner.get_loop().call_soon(|| display(3));
    let never = runner.get_loop().call_later(MS, || println!("never"));
    never.cancel();
    runner.run_forever()?;
    println!("stopped");
    Ok(())
}
