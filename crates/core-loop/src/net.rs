//! Sockets: TCP, UDP and Unix ones, the same for every runtime.
//!
//! TCP uses the sockets of the runtime that carries the loop, or, where it only tells readiness, non-blocking system calls.
//! The others are always such calls; a runtime that completes operations tells readiness through a helper thread, and on
//! virtual time they do not exist. All of them belong to the loop they were made on: they are `!Send`.

mod address;
mod datagram;
mod descriptors;
mod listener;
mod ready;
mod stream;
mod udp;
mod unix_address;
mod unix_datagram;
mod unix_listener;
mod unix_path;
mod unix_stream;

pub(crate) use ready::BUFFERS_MAX;

pub use address::Address;
pub use descriptors::ReceivedFds;
pub use listener::{ListenOptions, TcpListener};
pub use stream::{ReadHalf, TcpStream, WriteHalf};
pub use udp::UdpSocket;
pub use unix_address::UnixAddress;
pub use unix_datagram::UnixDatagram;
pub use unix_listener::UnixListener;
pub use unix_stream::{PeerCredentials, UnixStream};
