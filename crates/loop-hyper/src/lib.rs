#![doc = include_str!("../README.md")]

mod client;
mod connection;
mod executor;
mod http1;
mod io;
mod server;
mod streams;
mod timer;
mod traffic;

pub use client::{connect, handshake};
pub use executor::LoopExecutor;
pub use http1::{Http1, start_server};
pub use hyper;
pub use io::Io;
pub use server::Server;
pub use streams::Streams;
pub use timer::{LoopSleep, LoopTimer};

/// An error of a service or a body, as hyper takes it.
type AnyError = Box<dyn std::error::Error + Send + Sync>;
