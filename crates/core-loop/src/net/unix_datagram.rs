//! Unix sockets that carry datagrams.

use super::datagram::{Datagrams, connected};
use super::stream::naming;
use super::unix_address::UnixAddress;
use super::unix_path::{OwnPath, bind, unix_socket};
use super::unix_stream::{local_addr, patiently};
use crate::Sleep;
use contract::budget;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long a send waits before it tries again: the kernel does not tell when the other queue has room.
const PAUSE: Duration = Duration::from_millis(1);

/// A Unix socket that carries datagrams: they arrive in order, and none is lost. One task at a time may send, and one may
/// receive. Dropping it removes its path, unless another socket was put there meanwhile.
///
/// # Cancel safety
///
/// Dropping any of its futures loses no datagram.
///
/// # Python
///
/// `loop.create_datagram_endpoint(…, family=socket.AF_UNIX)`; a stale socket file is replaced as there, and the path goes
/// with the socket, which it does not there.
pub struct UnixDatagram {
    socket: Datagrams,
    #[expect(dead_code, reason = "held for its drop")]
    path: Option<OwnPath>,
    /// Before the next try of a send that found the other socket's queue full.
    pause: RefCell<Option<Sleep>>,
}

impl UnixDatagram {
    /// A socket bound to `address`. A socket file that is there already is replaced.
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
        let socket = unix_socket(SockType::Datagram)?;
        let path = bind(&socket, &address.into())?;
        Ok(Self { socket: Datagrams::new(socket)?, path, pause: RefCell::default() })
    }

    /// A socket without an address: it can send, and nobody can answer.
    ///
    /// # Errors
    ///
    /// No descriptors left, or none at all, as on virtual time.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn unbound() -> io::Result<Self> {
        Ok(Self {
            socket: Datagrams::new(unix_socket(SockType::Datagram)?)?,
            path: None,
            pause: RefCell::default(),
        })
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// As [`unbound`](Self::unbound).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let (one, two) = socket::socketpair(AddressFamily::Unix, SockType::Datagram, None, flags)?;
        Ok((
            Self { socket: Datagrams::new(one)?, path: None, pause: RefCell::default() },
            Self { socket: Datagrams::new(two)?, path: None, pause: RefCell::default() },
        ))
    }

    /// Takes over a socket. Its path is not removed in the end.
    ///
    /// # Errors
    ///
    /// What the kernel says of a socket that it cannot watch.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn from_std(socket: std::os::unix::net::UnixDatagram) -> io::Result<Self> {
        Ok(Self { socket: Datagrams::new(socket)?, path: None, pause: RefCell::default() })
    }

    /// Connects it to the socket at `address`: [`send`](Self::send) goes there, and datagrams of others are not received any
    /// more.
    ///
    /// # Errors
    ///
    /// Nobody is there: the error names the address.
    pub fn connect(&self, address: impl Into<UnixAddress>) -> io::Result<()> {
        let address = address.into();
        self.socket.connect(&address.raw()?).map_err(|error| naming("connect to", &address, &error))
    }

    /// Sends one datagram to the socket at `to`. While the queue of that socket is full it tries again, with pauses: the
    /// kernel does not announce room there, unless the two are connected.
    ///
    /// # Errors
    ///
    /// Nobody is there; too large.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub async fn send_to(&self, datagram: &[u8], to: impl Into<UnixAddress>) -> io::Result<usize> {
        let to = to.into().raw()?;
        let socket = self.as_fd().as_raw_fd();
        patiently(|| socket::sendto(socket, datagram, &to, MsgFlags::MSG_NOSIGNAL)).await
    }

    /// The next datagram, and who sent it. What does not fit into `buffer` is lost.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no datagram.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, UnixAddress)> {
        poll_fn(|cx| self.poll_recv_from(cx, buffer)).await
    }

    /// As [`send_to`](Self::send_to), for use in a `poll` function: of one task at a time.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        to: &UnixAddress,
    ) -> Poll<io::Result<usize>> {
        ready!(budget::spend(cx));
        let to = to.raw()?;
        loop {
            // Taken out: polling it clones a waker, which is foreign code.
            let mut pause = self.pause.take();
            if let Some(sleep) = &mut pause
                && Pin::new(sleep).poll(cx).is_pending()
            {
                self.pause.replace(pause);
                return Poll::Pending;
            }
            match socket::sendto(self.as_fd().as_raw_fd(), datagram, &to, MsgFlags::MSG_NOSIGNAL) {
                Err(Errno::EAGAIN) => drop(self.pause.replace(Some(crate::sleep(PAUSE)))),
                Err(Errno::EINTR) => {}
                outcome => return Poll::Ready(Ok(outcome?)),
            }
        }
    }

    /// As [`recv_from`](Self::recv_from), for use in a `poll` function. The waker of the last call is the one that is woken.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, UnixAddress)>> {
        let (len, from) = ready!(self.socket.poll_recv_from::<UnixAddr>(cx, buffer))?;
        Poll::Ready(Ok((len, from.map_or_else(UnixAddress::unnamed, |from| UnixAddress::of(&from)))))
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<UnixAddress> {
        local_addr(self.as_fd())
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    ///
    /// Not connected.
    pub fn peer_addr(&self) -> io::Result<UnixAddress> {
        Ok(UnixAddress::of(&socket::getpeername::<UnixAddr>(self.as_fd().as_raw_fd())?))
    }
}

connected!(UnixDatagram);
