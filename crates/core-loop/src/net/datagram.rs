//! What all datagram sockets have in common.

use crate::Descriptor;
use contract::Direction;
use nix::sys::socket::{self, MsgFlags, SockaddrLike};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};

/// A watched datagram socket of any family.
pub(super) struct Datagrams(Descriptor);

impl Datagrams {
    pub(super) fn new(socket: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self(Descriptor::new(socket)?))
    }

    pub(super) fn connect(&self, address: &dyn SockaddrLike) -> io::Result<()> {
        Ok(socket::connect(self.as_fd().as_raw_fd(), address)?)
    }

    pub(super) fn poll_send(&self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_with(cx, Direction::Write, |socket| {
            Ok(socket::send(socket.as_raw_fd(), datagram, MsgFlags::MSG_NOSIGNAL)?)
        })
    }

    pub(super) fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_with(cx, Direction::Read, |socket| {
            Ok(socket::recv(socket.as_raw_fd(), buffer, MsgFlags::empty())?)
        })
    }

    pub(super) fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        to: &dyn SockaddrLike,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_with(cx, Direction::Write, |socket| {
            Ok(socket::sendto(socket.as_raw_fd(), datagram, to, MsgFlags::MSG_NOSIGNAL)?)
        })
    }

    /// Without an address if the sender has none.
    pub(super) fn poll_recv_from<A: SockaddrLike>(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, Option<A>)>> {
        self.0.poll_with(cx, Direction::Read, |socket| Ok(socket::recvfrom(socket.as_raw_fd(), buffer)?))
    }
}

impl AsFd for Datagrams {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a socket says and hears that is connected to one other, and how it is looked at.
macro_rules! connected {
    ($Socket:ident) => {
        impl $Socket {
            /// Sends one datagram to the socket that this one is connected to.
            ///
            /// # Errors
            ///
            /// Not connected; nobody was there for an earlier datagram (connection refused); too large.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future sends nothing.
            pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
                poll_fn(|cx| self.socket.poll_send(cx, datagram)).await
            }

            /// The next datagram of the socket that this one is connected to. What does not fit into `buffer` is lost.
            ///
            /// # Errors
            ///
            /// Nobody was there for an earlier datagram: connection refused. The socket goes on.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses no datagram.
            pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
                poll_fn(|cx| self.socket.poll_recv(cx, buffer)).await
            }

            /// As [`send`](Self::send), for use in a `poll` function. The waker of the last call is the one that is woken.
            ///
            /// # Errors
            ///
            /// As [`send`](Self::send).
            pub fn poll_send(&self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<usize>> {
                self.socket.poll_send(cx, datagram)
            }

            /// As [`recv`](Self::recv), for use in a `poll` function. The waker of the last call is the one that is woken.
            ///
            /// # Errors
            ///
            /// As [`recv`](Self::recv).
            pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
                self.socket.poll_recv(cx, buffer)
            }
        }

        impl AsFd for $Socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.socket.as_fd()
            }
        }

        impl fmt::Debug for $Socket {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Socket))
                    .field("local_addr", &self.local_addr().ok())
                    .field("peer_addr", &self.peer_addr().ok())
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(super) use connected;
