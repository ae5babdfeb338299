#![doc = include_str!("../README.md")]

mod driver;
mod reactor;
mod readiness;
mod register;

pub use driver::TokioDriver;
