#![doc = include_str!("../README.md")]

mod bells;
mod buffer;
mod channel;
mod connect;
mod datagram;
mod error;
pub mod files;
mod info;
mod limits;
mod link;
mod listen;
mod names;
pub mod pipes;
pub mod process;
mod protocol;
mod reader;
mod send_file;
mod server;
mod transport;
mod unix;
mod upgrade;
mod writer;

pub use channel::{Channel, Endpoint};
pub use connect::{Connect, open_connection, streams};
pub use datagram::{DatagramEndpoint, DatagramProtocol, DatagramSocket, DatagramTransport};
pub use error::{
    IncompleteRead, InvalidLine, LimitOverrun, Lost, ReadExactError, ReadLineError, ReadUntilError,
    WriteError,
};
pub use limits::{WriteLimits, WrongLimits};
pub use listen::{Accept, Listen, start_server};
pub use names::{getaddrinfo, getnameinfo};
pub use protocol::{AnyProtocol, BaseProtocol, Buffered, BufferedProtocol, Plain, Protocol, ProtocolHandle};
pub use reader::{StreamReader, TextLines};
pub use send_file::{SendFile, SendFileError, SendFileTarget};
pub use server::{Outcome, Server};
pub use transport::{Transport, create_connection, create_server};
pub use unix::{create_unix_connection, create_unix_server, open_unix_connection, start_unix_server};
pub use upgrade::Beneath;
pub use writer::StreamWriter;
