#![doc = include_str!("../README.md")]

mod driver;
mod reactor;
mod readiness;

pub use driver::SmolDriver;
