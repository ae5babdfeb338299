//! What is asked of a socket before and after it connects.

use core_loop::Descriptor;
use core_loop::net::TcpStream;
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage, getsockopt, setsockopt, sockopt,
};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// What is done to each connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    pub(crate) nodelay: bool,
    pub(crate) keep_alive: bool,
}

impl Tuning {
    /// Small writes leave at once, as asyncio has it.
    pub(crate) const fn new() -> Self {
        Self { nodelay: true, keep_alive: false }
    }

    pub(crate) fn apply(self, stream: &TcpStream) -> io::Result<()> {
        if self.nodelay {
            stream.set_nodelay(true)?;
        }
        if self.keep_alive {
            keep_alive(stream)?;
        }
        Ok(())
    }
}

/// Has the kernel ask a silent peer if it is still there. Where the network is in memory there is nobody to ask.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    match stream.descriptor() {
        Some(descriptor) => Ok(setsockopt(&descriptor, sockopt::KeepAlive, &true)?),
        None => Ok(()),
    }
}

/// Connects to `address` from `local`.
pub(super) async fn connect_from(local: SocketAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("cannot connect to {address} from {local}: {error}"))
    };
    connect_bound(local, address).await.map_err(named)
}

async fn connect_bound(local: SocketAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(local))?;
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        // An interrupted connect goes on as well.
        Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    // Only now: a socket that is not connecting yet counts as hung up. Watched as a duplicate, because the runtime that
    // takes the stream over watches it anew.
    let watched = Descriptor::new(socket.try_clone()?)?;
    watched.write_with(is_connected).await?;
    drop(watched);
    TcpStream::from_std(socket.into())
}

fn is_connected(socket: BorrowedFd<'_>) -> io::Result<()> {
    match getsockopt(&socket.as_fd(), sockopt::SocketError)? {
        0 => {}
        error => return Err(io::Error::from_raw_os_error(error)),
    }
    match socket::getpeername::<SockaddrStorage>(socket.as_raw_fd()) {
        Ok(_) => Ok(()),
        Err(Errno::ENOTCONN) => Err(io::ErrorKind::WouldBlock.into()),
        Err(errno) => Err(errno.into()),
    }
}
