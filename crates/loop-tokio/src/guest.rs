//! The loop as a guest of a tokio runtime that runs already.

use std::rc::Rc;

use contract::driver::Unavailable;
use core_loop::{RunError, carry};
use tokio::runtime::Handle;
use tokio::task::unconstrained;

use crate::reactor::TokioReactor;

/// Runs `main` on a new loop inside the tokio runtime that awaits this.
///
/// The loop is this future: it runs on the thread that awaits it, between the host's own tasks, and its sockets and timers
/// are the host's. Both flavours of `#[tokio::main]` can await it. It is not `Send`: inside `tokio::spawn` the way is a
/// [`LoopHandle`](core_loop::LoopHandle) to a loop that has a thread of its own.
///
/// # Errors
///
/// [`RunError`]: it is not awaited inside a tokio runtime, a loop is running on this thread already, or `main` was
/// cancelled.
///
/// # Panics
///
/// If `main` does, after the close; and when the host was built without `enable_io` or `enable_time` and `main` needs it.
///
/// # Cancel safety
///
/// As [`core_loop::carry`]: dropping it drops its tasks on the spot, without their clean-ups.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// #[tokio::main]
/// async fn main() -> Result<(), core_loop::RunError> {
///     let greeting = loop_tokio::enter(async {
///         let task = core_loop::spawn(async { "hello" });
///         tokio::time::sleep(Duration::from_millis(1)).await;
///         task.await
///     });
///     assert_eq!(greeting.await?.unwrap(), "hello");
///     Ok(())
/// }
/// ```
pub async fn enter<F: Future + 'static>(main: F) -> Result<F::Output, RunError> {
    let host = Handle::try_current().map_err(|_| {
        Unavailable::new(
            "tokio",
            "no tokio runtime is running on this thread",
            "await it inside #[tokio::main], or call loop_tokio::run(main)",
        )
    })?;
    // Unconstrained for the same reason as in `TokioDriver`.
    unconstrained(carry(Rc::new(TokioReactor::new(host)), main)).await
}
