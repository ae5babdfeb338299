//! The listening side of Unix sockets.

use super::listener::BACKLOG;
use super::ready::ReadyListener;
use super::unix_address::UnixAddress;
use super::unix_path::{OwnPath, bind, unix_socket};
use super::unix_stream::{UnixStream, local_addr};
use crate::Loop;
use contract::budget;
use nix::sys::socket::{Backlog, SockType, listen};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, ready};

/// A Unix socket that listens. Dropping it refuses what has not been accepted, and removes the path, unless another socket
/// was put there meanwhile; streams that were accepted live on.
///
/// # Examples
///
/// ```
/// use core_loop::net::{UnixListener, UnixStream};
///
/// # core_loop::run(async {
/// let name = format!("\0an example of {}", std::process::id()); // abstract: in no directory
/// let listener = UnixListener::bind(&name)?;
/// let client = UnixStream::connect(&name).await?;
/// let server = listener.accept().await?;
/// assert_eq!(server.peer_cred()?.pid, i32::try_from(std::process::id()).unwrap());
/// # let _ = client;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// The listening socket of `asyncio.start_unix_server`, `cleanup_socket=True` being its drop. The backlog is 1024; there it
/// is 100.
pub struct UnixListener {
    listener: ReadyListener,
    path: Option<OwnPath>,
}

impl UnixListener {
    /// Listens at `address`. A socket file that is there already is replaced, as in asyncio: mostly one that a program left
    /// behind that ended too quickly. If somebody still listens there, nobody will reach them any more.
    ///
    /// # Errors
    ///
    /// Something else than a socket is at the path, no permission, a name in use: the error names the address. On virtual
    /// time, where there are no descriptors.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn bind(address: impl Into<UnixAddress>) -> io::Result<Self> {
        Self::bind_with_backlog(address, BACKLOG)
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
    pub fn bind_with_backlog(address: impl Into<UnixAddress>, backlog: u16) -> io::Result<Self> {
        let reactor = Loop::current().reactor();
        let socket = unix_socket(SockType::Stream)?;
        let path = bind(&socket, &address.into())?;
        listen(&socket, Backlog::new(backlog).unwrap_or(Backlog::MAXCONN))?;
        Ok(Self { listener: ReadyListener::new(reactor, socket)?, path })
    }

    /// Takes over a socket that listens already. Its path is not removed in the end.
    ///
    /// # Errors
    ///
    /// What the kernel says of a socket that it cannot watch.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        let listener = ReadyListener::new(Loop::current().reactor(), listener.into())?;
        Ok(Self { listener, path: None })
    }

    /// Leaves the path where it is when this is dropped: for a successor that takes over the same socket.
    ///
    /// # Python
    ///
    /// `cleanup_socket=False`.
    #[must_use]
    pub fn keep_path(mut self) -> Self {
        if let Some(path) = self.path.take() {
            path.keep();
        }
        self
    }

    /// The next connection. Mostly its [`peer_addr`](UnixStream::peer_addr) has no name; [`peer_cred`](UnixStream::peer_cred)
    /// says more.
    ///
    /// # Errors
    ///
    /// What the kernel says. When descriptors have run out, the connection stays in the queue and each call fails at once:
    /// pause before the next.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// As [`accept`](Self::accept), for use in a `poll` function. The waker of the last call is the one that is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        ready!(budget::spend(cx));
        let (stream, _) = ready!(self.listener.poll_next(cx))?;
        Poll::Ready(Ok(UnixStream::new(stream)))
    }

    /// The address that it listens at.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<UnixAddress> {
        local_addr(self.as_fd())
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixListener").field("local_addr", &self.local_addr().ok()).finish_non_exhaustive()
    }
}
