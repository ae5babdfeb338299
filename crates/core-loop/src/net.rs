//! TCP: one listener and one stream for every runtime.
//!
//! They use the sockets of the runtime that carries the loop, or, where it only tells readiness, non-blocking system
//! calls. All of them belong to the loop they were made on: they are `!Send`.

mod address;
mod listener;
mod ready;
mod stream;

pub use address::Address;
pub use listener::{ListenOptions, TcpListener};
pub use stream::{ReadHalf, TcpStream, WriteHalf};
