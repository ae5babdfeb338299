//! Bodies that are asked to end, for the tests of groups and of timeouts that do so.

use crate::run;
use core_loop::{Cancelled, cancellable, current_task, spawn_cooperative};
use std::future::pending;

/// Runs `main` in a cooperative task that nobody cancels.
pub(crate) fn asked<T: 'static>(main: impl Future<Output = Result<T, Cancelled>> + 'static) -> T {
    run(async { spawn_cooperative(main).await.expect("nobody cancelled it") })
}

/// How many requests the task that runs here has.
pub(crate) fn requests() -> u32 {
    current_task().expect("inside a task").cancelling()
}

/// Waits until it is asked to end.
pub(crate) async fn interrupted() -> Cancelled {
    cancellable(pending::<()>()).await.expect_err("it never ends by itself")
}
