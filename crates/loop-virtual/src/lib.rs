#![doc = include_str!("../README.md")]
#![cfg(not(loom))] // the model takes the one file that it is about

mod builder;
mod clock;
mod current;
mod driver;
mod events;
mod gate;
mod net;
mod random;
mod reactor;
mod world;

use core_loop::RunError;

pub use builder::Builder;
pub use current::{advance, cut, pair, random_below, silence};
pub use driver::VirtualDriver;
pub use net::Link;

/// Runs `main` on a new loop on virtual time, closes the loop, and gives `main`'s output: [`core_loop::run`], elsewhere.
///
/// # Errors
///
/// As [`Builder::run`].
///
/// # Panics
///
/// If `main` does, after the close.
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunError> {
    Builder::new().run(main)
}

/// Runs `main` once for each of `seeds`: [`Builder::for_each_seed`] with nothing else set.
///
/// # Panics
///
/// If a run does, or ends with an error; the seed is printed.
#[track_caller]
pub fn for_each_seed<F: Future<Output = ()>>(seeds: impl IntoIterator<Item = u64>, main: impl Fn() -> F) {
    Builder::new().for_each_seed(seeds, main);
}
