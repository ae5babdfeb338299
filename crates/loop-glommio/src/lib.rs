#![doc = include_str!("../README.md")]

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

pub use driver::GlommioDriver;
