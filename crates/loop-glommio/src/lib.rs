#![doc = include_str!("../README.md")]
#![cfg(not(loom))] // the model takes the one file that it is about

mod alarm;
mod bell;
mod carry;
mod driver;
mod orphans;
mod probe;
mod reactor;
mod sockets;
mod sys;
mod turn;

use core_loop::RunError;

pub use driver::GlommioDriver;

/// Runs `main` on a new loop carried by glommio, closes the loop, and gives `main`'s output: [`core_loop::run`], elsewhere.
///
/// # Errors
///
/// [`RunError`]: glommio cannot run here (and why), a loop is running on this thread already, or `main` was cancelled.
///
/// # Panics
///
/// If `main` does, after the close; and inside an executor of glommio's own.
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunError> {
    core_loop::run_on(GlommioDriver::new, main)
}
