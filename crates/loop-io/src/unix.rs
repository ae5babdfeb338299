//! Streams and servers over Unix sockets.

use crate::channel::{Channel, Endpoint};
use crate::connect::streams;
use crate::listen::{Accept, Listen};
use crate::protocol::{AnyProtocol, ProtocolHandle};
use crate::reader::StreamReader;
use crate::server::{Outcome, Server};
use crate::transport::Transport;
use crate::writer::StreamWriter;
use core_loop::net::{UnixAddress, UnixListener, UnixStream};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, ready};

/// Connects to the Unix socket at `address`, and gives a reader and a writer.
///
/// # Errors
///
/// As [`UnixStream::connect`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what it has begun to connect.
///
/// # Python
///
/// `asyncio.open_unix_connection(path)`.
pub async fn open_unix_connection(
    address: impl Into<UnixAddress>,
) -> io::Result<(StreamReader, StreamWriter)> {
    Ok(streams(UnixStream::connect(address).await?))
}

/// Calls `handler` for each connection to the Unix socket at `address`: as [`start_server`](crate::start_server). The path is
/// removed when the server closes, unless another socket is there by then; one that was left there before is replaced.
///
/// # Errors
///
/// As [`UnixListener::bind`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `asyncio.start_unix_server(client_connected_cb, path)`; for `cleanup_socket=False` hand
/// [`UnixListener::keep_path`] to [`Listen::start_server_on`].
///
/// # Examples
///
/// ```
/// use loop_io::{StreamReader, StreamWriter};
///
/// # core_loop::run(async {
/// let name = format!("\0an example of {}", std::process::id()); // abstract: in no directory
/// let greet = async |_: StreamReader, writer: StreamWriter| writer.write(b"hello\n");
/// let _server = loop_io::start_unix_server(greet, &name)?;
/// let (mut reader, _writer) = loop_io::open_unix_connection(&name).await?;
/// assert_eq!(reader.readline().await?, b"hello\n");
/// # Result::<(), Box<dyn std::error::Error>>::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub fn start_unix_server<T: Outcome>(
    handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
    address: impl Into<UnixAddress>,
) -> io::Result<Server> {
    let listener = UnixListener::bind(address)?;
    Ok(Listen::new().start_server_on(handler, vec![Box::new(listener)]))
}

/// Connects to the Unix socket at `address`, makes a protocol, and tells it of the connection.
///
/// # Errors
///
/// As [`UnixStream::connect`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what it has begun to connect.
///
/// # Python
///
/// `loop.create_unix_connection(protocol_factory, path)`.
pub async fn create_unix_connection<K, P: AnyProtocol<K>>(
    factory: impl FnOnce() -> P,
    address: impl Into<UnixAddress>,
) -> io::Result<(Transport, ProtocolHandle<P>)> {
    Ok(Transport::new(UnixStream::connect(address).await?, factory()))
}

/// Makes a protocol for each connection to the Unix socket at `address`: as [`create_server`](crate::create_server); what
/// becomes of the path is as [`start_unix_server`] has it.
///
/// # Errors
///
/// As [`UnixListener::bind`].
///
/// # Panics
///
/// As [`create_server`](crate::create_server).
///
/// # Python
///
/// `loop.create_unix_server(protocol_factory, path)`.
pub fn create_unix_server<K, P: AnyProtocol<K>>(
    factory: impl Fn() -> P + 'static,
    address: impl Into<UnixAddress>,
) -> io::Result<Server> {
    let listener = UnixListener::bind(address)?;
    Ok(Listen::new().create_server_on(factory, vec![Box::new(listener)]))
}

/// An abstract name as Python shows it: behind a NUL.
fn endpoint(address: &UnixAddress) -> Endpoint {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let behind_nul = |name: &[u8]| OsString::from_vec([b"\0", name].concat()).into();
    let path = address.as_pathname().map(ToOwned::to_owned);
    Endpoint::Unix(path.or_else(|| address.as_abstract_name().map(behind_nul)))
}

impl Channel for UnixStream {
    fn peer_name(&self) -> Option<Endpoint> {
        self.peer_addr().ok().as_ref().map(endpoint)
    }

    fn local_name(&self) -> Option<Endpoint> {
        self.local_addr().ok().as_ref().map(endpoint)
    }

    fn is_write_vectored(&self) -> bool {
        Self::is_write_vectored(self)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn file_descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Accept for UnixListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>> {
        let stream = ready!(Self::poll_accept(self, cx))?;
        Poll::Ready(Ok(Box::new(stream)))
    }

    fn local_name(&self) -> Option<Endpoint> {
        self.local_addr().ok().as_ref().map(endpoint)
    }
}
