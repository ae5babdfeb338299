//! The guest's side, tried without a machine to run it: a host of the test's own.

mod crossing;
mod wire;
