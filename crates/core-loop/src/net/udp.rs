//! UDP.

use super::address::Address;
use super::datagram::{Datagrams, connected};
use super::ready::std_address;
use super::stream::naming;
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, IpMembershipRequest, Ipv6MembershipRequest, SockFlag, SockType, SockaddrStorage,
    getsockopt, setsockopt, sockopt,
};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll, ready};

/// A UDP socket. One task at a time may send, and one may receive.
///
/// # Cancel safety
///
/// Dropping any of its futures loses no datagram.
///
/// # Examples
///
/// ```
/// use core_loop::net::UdpSocket;
///
/// # core_loop::run(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.send_to(b"hello", server.local_addr()?).await?;
/// let mut buffer = [0; 64];
/// let (len, from) = server.recv_from(&mut buffer).await?;
/// assert_eq!((&buffer[..len], from), (&b"hello"[..], client.local_addr()?));
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `loop.sock_sendto` and `loop.sock_recvfrom`, on a socket of `SOCK_DGRAM`.
pub struct UdpSocket {
    socket: Datagrams,
}

impl UdpSocket {
    /// A socket bound to `address`. Port 0 lets the kernel choose: see [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    ///
    /// Port in use, no permission, an unknown host: the error names the address. On virtual time, where there are no
    /// descriptors.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub async fn bind(address: impl Into<Address>) -> io::Result<Self> {
        let mut failed = None;
        for address in address.into().resolve().await? {
            match bind_one(address) {
                Ok(socket) => return Ok(Self { socket: Datagrams::new(socket)? }),
                Err(error) => failed = Some(naming("bind to", &address, &error)),
            }
        }
        Err(failed.expect("an address resolves to one at least"))
    }

    /// Takes over a socket with options of its own.
    ///
    /// # Errors
    ///
    /// What the kernel says of a socket that it cannot watch.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        Ok(Self { socket: Datagrams::new(socket)? })
    }

    /// Connects it to `address`: [`send`](Self::send) goes there, and datagrams of others are not received any more. Nothing
    /// is sent; whether somebody is there shows with the first datagrams.
    ///
    /// # Errors
    ///
    /// Unreachable, an unknown host: the error names the address; of several addresses it is the last one's.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub async fn connect(&self, address: impl Into<Address>) -> io::Result<()> {
        let mut failed = None;
        for address in address.into().resolve().await? {
            match self.socket.connect(&SockaddrStorage::from(address)) {
                Ok(()) => return Ok(()),
                Err(error) => failed = Some(naming("connect to", &address, &error)),
            }
        }
        Err(failed.expect("an address resolves to one at least"))
    }

    /// Receives what is sent to the multicast address `group` from now on, through the interface that has the address
    /// `interface`; the unspecified one lets the kernel choose.
    ///
    /// # Errors
    ///
    /// No multicast address; no such interface; a socket of version six.
    ///
    /// # Python
    ///
    /// `sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, …)`.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let member = IpMembershipRequest::new(group, Some(interface));
        Ok(setsockopt(&self.as_fd(), sockopt::IpAddMembership, &member)?)
    }

    /// Receives no more of it.
    ///
    /// # Errors
    ///
    /// It was not joined.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let member = IpMembershipRequest::new(group, Some(interface));
        Ok(setsockopt(&self.as_fd(), sockopt::IpDropMembership, &member)?)
    }

    /// As [`join_multicast_v4`](Self::join_multicast_v4), of version six. The kernel chooses the interface.
    ///
    /// # Errors
    ///
    /// No multicast address; a socket of version four.
    pub fn join_multicast_v6(&self, group: Ipv6Addr) -> io::Result<()> {
        Ok(setsockopt(&self.as_fd(), sockopt::Ipv6AddMembership, &Ipv6MembershipRequest::new(group))?)
    }

    /// Receives no more of it.
    ///
    /// # Errors
    ///
    /// It was not joined.
    pub fn leave_multicast_v6(&self, group: Ipv6Addr) -> io::Result<()> {
        Ok(setsockopt(&self.as_fd(), sockopt::Ipv6DropMembership, &Ipv6MembershipRequest::new(group))?)
    }

    /// Over how many routers what this socket sends to a group may go; 1, this network, unless set.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn set_multicast_ttl_v4(&self, routers: u8) -> io::Result<()> {
        Ok(setsockopt(&self.as_fd(), sockopt::IpMulticastTtl, &routers)?)
    }

    /// Whether members on this machine hear what this socket sends to a group; they do, unless this says otherwise.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn set_multicast_loop_v4(&self, hear: bool) -> io::Result<()> {
        Ok(setsockopt(&self.as_fd(), sockopt::IpMulticastLoop, &hear)?)
    }

    /// Sends one datagram to `to`.
    ///
    /// # Errors
    ///
    /// Too large; unreachable; broadcasting without [`set_broadcast`](Self::set_broadcast).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub async fn send_to(&self, datagram: &[u8], to: impl Into<SocketAddr>) -> io::Result<usize> {
        let to = to.into();
        poll_fn(|cx| self.poll_send_to(cx, datagram, to)).await
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
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        poll_fn(|cx| self.poll_recv_from(cx, buffer)).await
    }

    /// As [`send_to`](Self::send_to), for use in a `poll` function. The waker of the last call is the one that is woken.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_send_to(cx, datagram, &SockaddrStorage::from(to))
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
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let (len, from) = ready!(self.socket.poll_recv_from::<SockaddrStorage>(cx, buffer))?;
        let from = from.ok_or(Errno::EAFNOSUPPORT)?;
        Poll::Ready(Ok((len, std_address(&from)?)))
    }

    /// Allows it to send to broadcast addresses, or forbids it again.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn set_broadcast(&self, allowed: bool) -> io::Result<()> {
        Ok(setsockopt(&self.as_fd(), sockopt::Broadcast, &allowed)?)
    }

    /// Whether it may send to broadcast addresses.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn broadcast(&self) -> io::Result<bool> {
        Ok(getsockopt(&self.as_fd(), sockopt::Broadcast)?)
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        std_address(&socket::getsockname(self.as_fd().as_raw_fd())?)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    ///
    /// Not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        std_address(&socket::getpeername(self.as_fd().as_raw_fd())?)
    }
}

fn bind_one(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(family, SockType::Datagram, flags, None)?;
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(socket)
}

connected!(UdpSocket);
