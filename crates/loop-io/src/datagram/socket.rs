//! The sockets that an endpoint can be over.

use core_loop::net::{UdpSocket, UnixAddress, UnixDatagram};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

/// A socket that carries datagrams: a [`UdpSocket`] or a [`UnixDatagram`], or one of one's own.
///
/// One task sends and receives. What is not polled again loses nothing.
pub trait DatagramSocket: fmt::Debug + 'static {
    /// Who sends and receives.
    type Address: fmt::Display;

    /// Sends to `to`.
    ///
    /// # Errors
    ///
    /// What the kernel says; the socket goes on.
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        to: &Self::Address,
    ) -> Poll<io::Result<usize>>;

    /// Sends to whom it is connected to.
    ///
    /// # Errors
    ///
    /// What the kernel says; the socket goes on.
    fn poll_send(&self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<usize>>;

    /// Receives.
    ///
    /// # Errors
    ///
    /// What the kernel says; the socket goes on.
    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, Self::Address)>>;

    /// Its address.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn local_addr(&self) -> io::Result<Self::Address>;
}

macro_rules! sockets {
    ($($socket:ident, $address:ty, $to:ident => $given:expr;)+) => { $(
        impl DatagramSocket for $socket {
            type Address = $address;

            fn poll_send_to(
                &self,
                cx: &mut Context<'_>,
                datagram: &[u8],
                $to: &$address,
            ) -> Poll<io::Result<usize>> {
                Self::poll_send_to(self, cx, datagram, $given)
            }

            fn poll_send(&self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<usize>> {
                Self::poll_send(self, cx, datagram)
            }

            fn poll_recv_from(
                &self,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<(usize, $address)>> {
                Self::poll_recv_from(self, cx, buffer)
            }

            fn local_addr(&self) -> io::Result<$address> {
                Self::local_addr(self)
            }
        }
    )+ };
}

sockets! {
    UdpSocket, SocketAddr, to => *to;
    UnixDatagram, UnixAddress, to => to;
}
