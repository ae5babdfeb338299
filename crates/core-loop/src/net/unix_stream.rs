//! A connection through a Unix socket.

use super::ready::ReadyStream;
use super::stream::{ReadHalf, WriteHalf, asks_vectored, halves, naming, reads, writes};
use super::unix_address::UnixAddress;
use super::unix_path::unix_socket;
use crate::Loop;
use crate::descriptor::set_nonblocking;
use contract::{Direction, Stream};
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, getsockopt, sockopt};
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long to wait before trying again what the kernel does not announce, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// A connection through a Unix socket. `poll_close` closes the writing side; dropping it closes both.
///
/// It reads and writes as a [`TcpStream`](super::TcpStream) does, by reference or in two halves.
///
/// # Cancel safety
///
/// Dropping a read or a write loses nothing: what was not delivered stays with the stream.
///
/// # Python
///
/// The pair that `asyncio.open_unix_connection` gives.
pub struct UnixStream {
    stream: Rc<ReadyStream>,
}

/// Who is at the other end, as the kernel noted it when the two were connected.
///
/// # Python
///
/// What `socket.getsockopt(SOL_SOCKET, SO_PEERCRED)` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerCredentials {
    /// The process.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl UnixStream {
    /// Connects to the socket at `address`. While the queue of that socket is full it tries again, with pauses: the kernel
    /// does not announce room there.
    ///
    /// # Errors
    ///
    /// Nobody listens, no permission: the error names the address. On virtual time, where there are no descriptors.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(address: impl Into<UnixAddress>) -> io::Result<Self> {
        let address = address.into();
        let socket = unix_socket(SockType::Stream)?;
        let raw = address.raw()?;
        patiently(|| socket::connect(socket.as_raw_fd(), &raw))
            .await
            .map_err(|error| naming("connect to", &address, &error))?;
        Self::over(socket)
    }

    /// Two ends of one connection.
    ///
    /// # Errors
    ///
    /// No descriptors left, or none at all, as on virtual time.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `socket.socketpair()`.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let (one, two) = socket::socketpair(AddressFamily::Unix, SockType::Stream, None, flags)?;
        Ok((Self::over(one)?, Self::over(two)?))
    }

    /// Takes over a connected socket.
    ///
    /// # Errors
    ///
    /// What the kernel says of a socket that it cannot watch.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        set_nonblocking(stream.as_fd())?;
        Self::over(stream.into())
    }

    fn over(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self::new(ReadyStream::new(&*Loop::current().reactor(), socket)?))
    }

    pub(super) fn poll_io(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_io(cx, direction, operation)
    }

    pub(super) fn new(stream: ReadyStream) -> Self {
        Self { stream: Rc::new(stream.unix()) }
    }

    /// The two halves, for two tasks. The connection is closed when both are dropped.
    #[must_use]
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        halves(self.stream)
    }

    /// The address of the other side.
    ///
    /// # Errors
    ///
    /// What the kernel says: not connected any more, for example.
    pub fn peer_addr(&self) -> io::Result<UnixAddress> {
        Ok(UnixAddress::of(&socket::getpeername::<UnixAddr>(self.as_fd().as_raw_fd())?))
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<UnixAddress> {
        local_addr(self.as_fd())
    }

    /// The process at the other end.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn peer_cred(&self) -> io::Result<PeerCredentials> {
        let found = getsockopt(&self.as_fd(), sockopt::PeerCredentials)?;
        Ok(PeerCredentials { pid: found.pid(), uid: found.uid(), gid: found.gid() })
    }

    /// Ends reading, writing or both, for every handle of the connection.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        match self.stream.poll_shutdown(cx, how) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => unreachable!("the kernel does it at once"),
        }
    }
}

/// The address that a socket is bound to.
pub(super) fn local_addr(socket: BorrowedFd<'_>) -> io::Result<UnixAddress> {
    Ok(UnixAddress::of(&socket::getsockname::<UnixAddr>(socket.as_raw_fd())?))
}

/// Tries again, after ever longer pauses, while the other socket's queue is full: the kernel does not tell when it has room.
pub(super) async fn patiently<R>(mut operation: impl FnMut() -> nix::Result<R>) -> io::Result<R> {
    let (mut pause, longest) = PAUSE;
    loop {
        match operation() {
            Err(Errno::EAGAIN) => {
                crate::sleep(pause).await;
                pause = (pause * 2).min(longest);
            }
            Err(Errno::EINTR) => {}
            outcome => return Ok(outcome?),
        }
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixStream")
            .field("local_addr", &self.local_addr().ok())
            .field("peer_addr", &self.peer_addr().ok())
            .finish()
    }
}

reads!(UnixStream, &UnixStream);
writes!(UnixStream, &UnixStream);
asks_vectored!(UnixStream);
