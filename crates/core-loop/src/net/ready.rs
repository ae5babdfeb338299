//! Sockets for runtimes that tell readiness: the operation is tried first, and waited for when it would block.

use super::listener::ListenOptions;
use crate::descriptor::set_nonblocking;
use crate::sys::{self, Peer};
use contract::{Direction, Listener, Reactor, Readiness, Stream};
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, SockaddrStorage, getsockopt, setsockopt,
    sockopt,
};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The kernel takes so many buffers at a time: `IOV_MAX`.
pub(crate) const BUFFERS_MAX: usize = 1024;

/// A connected stream socket of any family. The watch ends before the descriptor closes: the watch holds it, too.
pub(super) struct ReadyStream {
    watch: Box<dyn Readiness>,
    socket: Rc<OwnedFd>,
    /// Whether a read that fills no buffer has emptied the socket. A Unix socket stops behind a message with descriptors, and
    /// what came after that is announced no second time.
    short_is_empty: bool,
}

/// A listening socket of any family.
pub(super) struct ReadyListener {
    watch: Box<dyn Readiness>,
    socket: Rc<OwnedFd>,
    /// Accepted streams are watched by it as well.
    reactor: Rc<dyn Reactor>,
}

/// Makes a listening socket in blocking mode.
pub(super) fn listen(address: SocketAddr, options: &ListenOptions) -> io::Result<OwnedFd> {
    let socket = tcp_socket(address, SockFlag::empty())?;
    if options.reuse_port {
        setsockopt(&socket, sockopt::ReusePort, &true)?;
    }
    if options.only_v6 && address.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    let backlog = Backlog::new(options.backlog).unwrap_or(Backlog::MAXCONN);
    socket::listen(&socket, backlog)?;
    Ok(socket)
}

/// Connects. Dropped unfinished, it closes the socket.
pub(super) async fn connect(
    reactor: &dyn Reactor,
    local: Option<SocketAddr>,
    address: SocketAddr,
) -> io::Result<ReadyStream> {
    let socket = Rc::new(tcp_socket(address, SockFlag::SOCK_NONBLOCK)?);
    if let Some(local) = local {
        socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(local))?;
    }
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        // An interrupted connect goes on as well.
        Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    // Only now: a socket that is not connecting yet counts as hung up.
    let watch = reactor.watch(socket.clone())?;
    poll_fn(|cx| watch.poll_io(cx, Direction::Write, &mut || is_connected(&socket))).await?;
    Ok(ReadyStream { watch, socket, short_is_empty: true })
}

fn is_connected(socket: &OwnedFd) -> io::Result<usize> {
    match getsockopt(&socket, sockopt::SocketError)? {
        0 => {}
        error => return Err(io::Error::from_raw_os_error(error)),
    }
    match socket::getpeername::<SockaddrStorage>(socket.as_raw_fd()) {
        Ok(_) => Ok(0),
        Err(Errno::ENOTCONN) => Err(io::ErrorKind::WouldBlock.into()),
        Err(errno) => Err(errno.into()),
    }
}

fn tcp_socket(address: SocketAddr, flags: SockFlag) -> nix::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    socket::socket(family, SockType::Stream, flags | SockFlag::SOCK_CLOEXEC, None)
}

pub(super) fn std_address(address: &SockaddrStorage) -> io::Result<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::from(*v4));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::from(*v6)))
        .ok_or_else(|| Errno::EAFNOSUPPORT.into())
}

fn local_addr(socket: &OwnedFd) -> io::Result<SocketAddr> {
    std_address(&socket::getsockname(socket.as_raw_fd())?)
}

impl ReadyStream {
    /// Takes over a connected socket in non-blocking mode.
    pub(super) fn new(reactor: &dyn Reactor, socket: OwnedFd) -> io::Result<Self> {
        let socket = Rc::new(socket);
        Ok(Self { watch: reactor.watch(socket.clone())?, socket, short_is_empty: true })
    }

    /// The same, of a Unix socket.
    pub(super) fn unix(self) -> Self {
        Self { short_is_empty: false, ..self }
    }

    /// Tries `operation` until it does something else than block.
    pub(super) fn poll_io(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.watch.poll_io(cx, direction, operation)
    }

    /// The socket, no longer watched, for a runtime with a way of its own.
    pub(super) fn into_std(self) -> io::Result<std::net::TcpStream> {
        let Self { watch, socket, .. } = self;
        drop(watch);
        // Unless the watch has given its own to somebody who lets go of it later.
        let socket = Rc::try_unwrap(socket).or_else(|shared| shared.try_clone())?;
        Ok(socket.into())
    }
}

impl AsFd for ReadyStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Stream for ReadyStream {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let socket = self.socket.as_raw_fd();
        let limit = if self.short_is_empty { buffer.len() } else { 0 };
        self.watch.poll_io_up_to(cx, Direction::Read, limit, &mut || {
            Ok(socket::recv(socket, buffer, MsgFlags::empty())?)
        })
    }

    fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.socket.as_raw_fd();
        // No signal: a program that is not Rust from its start may not ignore SIGPIPE.
        self.watch.poll_io_up_to(cx, Direction::Write, buffer.len(), &mut || {
            Ok(socket::send(socket, buffer, MsgFlags::MSG_NOSIGNAL)?)
        })
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let socket = self.socket.as_raw_fd();
        let buffers = &buffers[..buffers.len().min(BUFFERS_MAX)];
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        self.watch.poll_io_up_to(cx, Direction::Write, len, &mut || {
            Ok(socket::sendmsg::<()>(socket, buffers, &[], MsgFlags::MSG_NOSIGNAL, None)?)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was written is with the kernel already.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>, how: Shutdown) -> Poll<io::Result<()>> {
        let how = match how {
            Shutdown::Read => socket::Shutdown::Read,
            Shutdown::Write => socket::Shutdown::Write,
            Shutdown::Both => socket::Shutdown::Both,
        };
        match socket::shutdown(self.socket.as_raw_fd(), how) {
            // The other side was quicker: closed is what was wanted.
            Ok(()) | Err(Errno::ENOTCONN) => Poll::Ready(Ok(())),
            Err(errno) => Poll::Ready(Err(errno.into())),
        }
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        std_address(&socket::getpeername(self.socket.as_raw_fd())?)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(&self.socket)
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Ok(setsockopt(&self.socket, sockopt::TcpNoDelay, &nodelay)?)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }
}

impl ReadyListener {
    /// Takes over a listening socket, and puts it into non-blocking mode.
    pub(super) fn new(reactor: Rc<dyn Reactor>, socket: OwnedFd) -> io::Result<Self> {
        set_nonblocking(socket.as_fd())?;
        let socket = Rc::new(socket);
        Ok(Self { watch: reactor.watch(socket.clone())?, socket, reactor })
    }

    /// The next connection, and who it is.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<io::Result<(ReadyStream, Peer)>> {
        let mut accepted = None;
        ready!(self.watch.poll_io(cx, Direction::Read, &mut || {
            accepted = Some(loop {
                match sys::accept(self.socket.as_fd()) {
                    // It was given up while it waited in the queue; the next may be fine.
                    Err(Errno::ECONNABORTED) => {}
                    outcome => break outcome?,
                }
            });
            Ok(0)
        }))?;
        let (socket, peer) = accepted.expect("the operation succeeded");
        Poll::Ready(Ok((ReadyStream::new(&*self.reactor, socket)?, peer)))
    }
}

impl AsFd for ReadyListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Listener for ReadyListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Stream>, SocketAddr)>> {
        let (stream, peer) = ready!(self.poll_next(cx))?;
        Poll::Ready(Ok((Box::new(stream), peer.internet()?)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(&self.socket)
    }
}
