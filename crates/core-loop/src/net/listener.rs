//! The listening side.

use super::address::Address;
use super::ready::{self, ReadyListener};
use super::stream::TcpStream;
use crate::Loop;
use contract::{Listener, budget};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

/// How many connections may wait to be accepted, unless [`TcpListener::bind_with_backlog`] says otherwise. The kernel cuts
/// it to `net.core.somaxconn`.
pub(super) const BACKLOG: u16 = 1024;

/// How to listen: for [`TcpListener::bind_with`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    pub(super) backlog: u16,
    pub(super) reuse_port: bool,
    pub(super) only_v6: bool,
}

impl ListenOptions {
    /// What [`TcpListener::bind`] does: room for 1024 connections, an address of one's own.
    #[must_use]
    pub const fn new() -> Self {
        Self { backlog: BACKLOG, reuse_port: false, only_v6: false }
    }

    /// With room for so many connections that wait to be accepted.
    #[must_use]
    pub const fn backlog(mut self, backlog: u16) -> Self {
        self.backlog = backlog;
        self
    }

    /// Beside other sockets that listen on the same address: see [`TcpListener::bind_reuse_port`].
    #[must_use]
    pub const fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.reuse_port = reuse_port;
        self
    }

    /// An address of version six takes no connections of version four, so that another socket can.
    #[must_use]
    pub const fn only_v6(mut self, only_v6: bool) -> Self {
        self.only_v6 = only_v6;
        self
    }
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A TCP socket that listens. Dropping it refuses what has not been accepted; streams that were accepted live on.
///
/// # Python
///
/// The listening socket of `asyncio.start_server`; `SO_REUSEADDR` is set, as there. A host name with several addresses is
/// bound once, to the first that works; asyncio listens on all of them. The backlog is 1024; there it is 100.
pub struct TcpListener {
    listener: Box<dyn Listener>,
}

impl TcpListener {
    /// Listens on `address`. Port 0 lets the kernel choose: see [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    ///
    /// Port in use, no permission, an unknown host: the error names the address.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_loop::net::{TcpListener, TcpStream};
    ///
    /// # core_loop::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # let _ = stream;
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn bind(address: impl Into<Address>) -> io::Result<Self> {
        Self::bind_with(address, ListenOptions::new()).await
    }

    /// As [`bind`](Self::bind), with room for `backlog` connections that wait to be accepted.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub async fn bind_with_backlog(address: impl Into<Address>, backlog: u16) -> io::Result<Self> {
        Self::bind_with(address, ListenOptions::new().backlog(backlog)).await
    }

    /// As [`bind`](Self::bind), beside other sockets that listen on the same address: the kernel spreads the connections
    /// over them. So each loop of a [`LoopPool`](crate::LoopPool) has its own queue of connections, and its own share.
    ///
    /// All of them must be made by this function, and by one user. A connection that waits in the queue of a socket that
    /// is dropped is refused, although others listen. On virtual time an address has one socket: a second one
    /// finds it taken.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind); also if somebody listens on the address who did not ask to share it.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `asyncio.start_server(…, reuse_port=True)`.
    pub async fn bind_reuse_port(address: impl Into<Address>) -> io::Result<Self> {
        Self::bind_with(address, ListenOptions::new().reuse_port(true)).await
    }

    /// As [`bind`](Self::bind), as `options` say.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub async fn bind_with(address: impl Into<Address>, options: ListenOptions) -> io::Result<Self> {
        let mut failed = None;
        // The first of the addresses that works.
        for address in address.into().resolve().await? {
            match Self::listen(address, &options) {
                Ok(listener) => return listener,
                Err(error) => failed = Some(super::stream::naming("listen on", &address, &error)),
            }
        }
        Err(failed.expect("an address resolves to one at least"))
    }

    /// The outer error is the address's: another one may work.
    fn listen(address: SocketAddr, options: &ListenOptions) -> io::Result<io::Result<Self>> {
        let reactor = Loop::current().reactor();
        match reactor.sockets().and_then(|sockets| sockets.listen(address, options.backlog)) {
            Some(listener) => Ok(Ok(Self { listener: listener? })),
            None => Ok(Self::from_std(ready::listen(address, options)?.into())),
        }
    }

    /// Takes over a socket that listens already (handed down by a service manager, for example), as asyncio does with
    /// `start_server(sock=..)`.
    ///
    /// # Errors
    ///
    /// What the runtime says of a socket that it cannot take.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        let reactor = Loop::current().reactor();
        let listener = match reactor.sockets() {
            Some(sockets) => {
                listener.set_nonblocking(false)?;
                sockets.listener(listener)?
            }
            None => Box::new(ReadyListener::new(reactor.clone(), listener.into())?),
        };
        Ok(Self { listener })
    }

    /// The next connection, and the address it comes from.
    ///
    /// # Errors
    ///
    /// What the kernel says. When descriptors have run out, the connection stays in the queue and each call fails at once:
    /// pause before the next.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// As [`accept`](Self::accept), for use in a `poll` function. The waker of the last call is the one that is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        ready!(budget::spend(cx));
        let (stream, peer) = ready!(self.listener.poll_accept(cx))?;
        Poll::Ready(Ok((TcpStream::new(stream), peer)))
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("local_addr", &self.local_addr().ok()).finish_non_exhaustive()
    }
}
