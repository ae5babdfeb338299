//! A connection.

use super::address::Address;
use super::ready;
use crate::Loop;
use contract::{Stream, budget};
use std::fmt;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A TCP connection. `poll_close` closes the writing side; dropping it closes both.
///
/// Reading and writing at the same time: `&TcpStream` reads and writes as well, for two futures in one task; or
/// [`split`](Self::split) it between two tasks. One task at a time may read, and one may write.
///
/// # Cancel safety
///
/// Dropping a read or a write loses nothing: what was not delivered stays with the stream.
///
/// # Python
///
/// The pair that `asyncio.open_connection` gives, or a socket with `loop.sock_recv` and `loop.sock_sendall`.
pub struct TcpStream {
    stream: Box<dyn Stream>,
}

/// The reading half of a [`TcpStream`] or a [`UnixStream`](super::UnixStream).
pub struct ReadHalf {
    stream: Rc<dyn Stream>,
}

/// The writing half of a [`TcpStream`] or a [`UnixStream`](super::UnixStream). Close it when the other side waits for the end: dropping one half alone does not.
pub struct WriteHalf {
    stream: Rc<dyn Stream>,
}

impl TcpStream {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream }
    }

    /// Connects to `address`. A host name's addresses are tried in turn.
    ///
    /// # Errors
    ///
    /// Refused, unreachable, an unknown host: the error names the address; of several addresses it is the last one's.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use core_loop::net::TcpStream;
    ///
    /// # core_loop::run(async {
    /// let by_name = TcpStream::connect("localhost:8080").await?;
    /// let by_address = TcpStream::connect(([127, 0, 0, 1], 8080)).await?;
    /// # let _ = (by_name, by_address);
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn connect(address: impl Into<Address>) -> io::Result<Self> {
        let mut failed = None;
        for address in address.into().resolve().await? {
            match Self::connect_one(address).await {
                Ok(stream) => return Ok(Self::new(stream)),
                Err(error) => failed = Some(naming("connect to", &address, &error)),
            }
        }
        Err(failed.expect("an address resolves to one at least"))
    }

    async fn connect_one(address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let reactor = Loop::current().reactor();
        let connecting = match reactor.sockets() {
            Some(sockets) => sockets.connect(address),
            None => return Ok(Box::new(ready::connect(&*reactor, None, address).await?)),
        };
        connecting.await
    }

    /// Connects to `address` from `local`, an address of one's own; port 0 lets the kernel choose.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); and if the local address cannot be taken. On virtual time, where there are no
    /// descriptors.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    ///
    /// # Python
    ///
    /// `local_addr=…`.
    pub async fn connect_from(local: SocketAddr, address: SocketAddr) -> io::Result<Self> {
        let connecting = Self::connect_bound(local, address).await;
        connecting.map_err(|error| naming("connect to", &format_args!("{address} from {local}"), &error))
    }

    async fn connect_bound(local: SocketAddr, address: SocketAddr) -> io::Result<Self> {
        let reactor = Loop::current().reactor();
        let stream = ready::connect(&*reactor, Some(local), address).await?;
        match reactor.sockets() {
            // A runtime that connects on its own does it from where it likes: it is given what is connected.
            Some(sockets) => sockets.stream(stream.into_std()?).map(Self::new),
            None => Ok(Self::new(Box::new(stream))),
        }
    }

    /// Takes over a connected socket: one that was handed down, or connected with options that are not here.
    ///
    /// # Errors
    ///
    /// What the runtime says of a socket that it cannot take: on virtual time, any.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `asyncio.open_connection(sock=…)`.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        let reactor = Loop::current().reactor();
        match reactor.sockets() {
            Some(sockets) => sockets.stream(stream).map(Self::new),
            None => {
                stream.set_nonblocking(true)?;
                Ok(Self::new(Box::new(ready::ReadyStream::new(&*reactor, stream.into())?)))
            }
        }
    }

    /// The two halves, for two tasks. The connection is closed when both are dropped.
    #[must_use]
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        halves(self.stream.into())
    }

    /// The address of the other side.
    ///
    /// # Errors
    ///
    /// What the kernel says: not connected any more, for example.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends small writes at once (`true`), or collects them (Nagle's algorithm).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    ///
    /// # Python
    ///
    /// asyncio sets it on every stream; here it is off until you ask for it, as in the kernel.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.stream.set_nodelay(nodelay)
    }

    /// The descriptor behind it, for socket options. `None` where the network is in memory.
    ///
    /// # Python
    ///
    /// `get_extra_info("socket")`.
    #[must_use]
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.stream.descriptor()
    }
}

/// The two halves of a connection.
pub(super) fn halves(stream: Rc<dyn Stream>) -> (ReadHalf, WriteHalf) {
    (ReadHalf { stream: stream.clone() }, WriteHalf { stream })
}

/// A connection of a driver's own making, for carriers.
impl From<Box<dyn Stream>> for TcpStream {
    fn from(stream: Box<dyn Stream>) -> Self {
        Self::new(stream)
    }
}

/// The same error, with what was attempted in front.
pub(super) fn naming(verb: &str, address: &dyn fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {verb} {address}: {error}"))
}

pub(super) fn poll_read(
    stream: &dyn Stream,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    // The kernel would wait for bytes, even for none.
    if buffer.is_empty() {
        return Poll::Ready(Ok(0));
    }
    ready!(budget::spend(cx));
    stream.poll_read(cx, buffer)
}

pub(super) fn poll_write(
    stream: &dyn Stream,
    cx: &mut Context<'_>,
    buffer: &[u8],
) -> Poll<io::Result<usize>> {
    if buffer.is_empty() {
        return Poll::Ready(Ok(0));
    }
    ready!(budget::spend(cx));
    stream.poll_write(cx, buffer)
}

pub(super) fn poll_write_vectored(
    stream: &dyn Stream,
    cx: &mut Context<'_>,
    buffers: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Poll::Ready(Ok(0));
    }
    ready!(budget::spend(cx));
    stream.poll_write_vectored(cx, buffers)
}

macro_rules! reads {
    ($($half:ty),*) => { $(
        impl futures_io::AsyncRead for $half {
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
                $crate::net::stream::poll_read(&*self.stream, cx, buf)
            }
        }
    )* };
}

macro_rules! writes {
    ($($half:ty),*) => { $(
        impl futures_io::AsyncWrite for $half {
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                $crate::net::stream::poll_write(&*self.stream, cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                $crate::net::stream::poll_write_vectored(&*self.stream, cx, bufs)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.stream.poll_flush(cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.stream.poll_shutdown(cx, Shutdown::Write)
            }
        }
    )* };
}

macro_rules! asks_vectored {
    ($($half:ty),*) => { $(
        impl $half {
            /// Whether `poll_write_vectored` writes from more than one buffer.
            #[must_use]
            pub fn is_write_vectored(&self) -> bool {
                self.stream.is_write_vectored()
            }
        }
    )* };
}

pub(super) use {asks_vectored, reads, writes};

reads!(TcpStream, &TcpStream, ReadHalf);
writes!(TcpStream, &TcpStream, WriteHalf);

asks_vectored!(TcpStream, WriteHalf);

macro_rules! debugs {
    ($($half:ident),*) => { $(
        impl fmt::Debug for $half {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($half))
                    .field("local_addr", &self.stream.local_addr().ok())
                    .field("peer_addr", &self.stream.peer_addr().ok())
                    .finish()
            }
        }
    )* };
}

debugs!(TcpStream, ReadHalf, WriteHalf);
