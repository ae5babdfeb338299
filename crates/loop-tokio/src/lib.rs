#![doc = include_str!("../README.md")]

mod driver;
mod guest;
mod reactor;
mod readiness;
mod register;

use core_loop::RunError;

pub use driver::TokioDriver;
pub use guest::enter;

/// Runs `main` on a new loop carried by tokio, closes the loop, and gives `main`'s output: [`core_loop::run`], elsewhere.
///
/// # Errors
///
/// [`RunError`]: a tokio runtime or a loop is running on this thread already, no descriptors are left, or `main` was
/// cancelled.
///
/// # Panics
///
/// If `main` does, after the close.
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunError> {
    core_loop::run_on(TokioDriver::new, main)
}
