#![doc = include_str!("../README.md")]

mod driver;
mod reactor;
mod readiness;

use core_loop::RunError;

pub use driver::SmolDriver;

/// Runs `main` on a new loop carried by smol, closes the loop, and gives `main`'s output: [`core_loop::run`], elsewhere.
///
/// # Errors
///
/// [`RunError`]: no descriptors are left, a loop is running on this thread already, or `main` was cancelled.
///
/// # Panics
///
/// If `main` does, after the close.
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunError> {
    core_loop::run_on(SmolDriver::new, main)
}
