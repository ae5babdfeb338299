#![doc = include_str!("../README.md")]

mod carry;
mod driver;
mod orphans;
mod probe;
mod reactor;
mod sockets;
mod sys;
mod turn;

pub use driver::GlommioDriver;
