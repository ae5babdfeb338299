//! A job of an executor as a task.

use crate::task::{Task, spawn};
use contract::{Job, JobError};

/// A task that ends when `job` does, with what comes of it: so jobs are waited for beside tasks, by
/// [`wait`](crate::wait), [`as_completed`](crate::as_completed), [`wait_for`](crate::wait_for) and all that takes a
/// [`Waitable`](crate::Waitable). Cancelling the task cancels the job: what has not started never runs.
///
/// To await a job alone nothing is needed: a [`Job`] is a future, on any runtime, and [`gather`](crate::gather) takes it as it
/// is.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the handle detaches the task, and with it the job.
///
/// # Examples
///
/// ```
/// use core_loop::{ReturnWhen, sleep, spawn, wait, wrap_future};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let handle = core_loop::Loop::current().handle();
///     let job = handle.spawn(async { 7 }).expect("the loop runs");
///     let never = spawn(async {
///         sleep(Duration::from_secs(3600)).await;
///         Ok(0)
///     });
///     let mut both = [wrap_future(job), never];
///     let seen = wait(&mut both, ReturnWhen::FIRST_COMPLETED).await;
///     assert!(matches!(seen.done[0].result(), Some(Ok(Ok(7)))));
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.wrap_future(future)`.
#[track_caller]
pub fn wrap_future<T: 'static>(job: Job<T>) -> Task<Result<T, JobError>> {
    spawn(job.cancel_on_drop())
}
