//! The loop on tokio.

mod driver;
mod guest;
mod host;
mod macros;
mod suite;
