//! What carries a connection: the seam between streams and sockets.

use core_loop::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use std::any::{Any, TypeId};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::task::{Context, Poll};

/// A two-way flow of bytes that can carry a connection: a socket, one with TLS around it, a pair in memory.
///
/// `poll_close` ends the writing side alone, after a flush; the drop closes both. One task may read while another writes,
/// and a read or a write that is not polled again loses nothing. Whoever can be ready many times in a row spends the step
/// budget (`contract::budget`), as the sockets of `core_loop` do.
pub trait Channel: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Who is at the other end.
    fn peer_name(&self) -> Option<Endpoint> {
        None
    }

    /// Who is at this end.
    fn local_name(&self) -> Option<Endpoint> {
        None
    }

    /// Whether bytes can flow. Until then a write waits, and so does an end of the writing side; a close does not: it gives the
    /// connection up, with whatever waits.
    fn is_established(&self) -> bool {
        true
    }

    /// Whether this side can end and still read.
    fn can_write_eof(&self) -> bool {
        true
    }

    /// Whether its `poll_write_vectored` writes from more than one buffer. Several pieces are collected into one before they
    /// are written otherwise.
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// Whether the other side may lose what it has not read yet when this one closes with unread bytes in it, as sockets have
    /// it. What has arrived is taken before a close then.
    fn resets_if_unread(&self) -> bool {
        true
    }

    /// How many bytes it has taken for writing, and keeps: they count against the water marks.
    fn unsent(&self) -> usize {
        0
    }

    /// Waits for whatever the other side still has to say before both ways end: asked after `poll_close`, before the drop,
    /// unless a read has found the end already.
    ///
    /// # Errors
    ///
    /// What makes the close a failure.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// The descriptor behind it, for socket options.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// The descriptor into which the kernel may put a file, past this channel, as if it had been written here. `None` if what
    /// is written is changed on its way: encrypted, for example. See [`SendFile`](crate::SendFile).
    fn file_descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Anything else that can be asked of it, by its type: a certificate, credentials. See
    /// [`StreamWriter::get_extra_info`](crate::StreamWriter::get_extra_info).
    fn extra_info(&self, wanted: TypeId) -> Option<&dyn Any> {
        let _ = wanted;
        None
    }
}

/// One end of a connection, or the place where a server listens.
///
/// # Python
///
/// The `peername` and `sockname` of `get_extra_info`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// An address and a port.
    Inet(SocketAddr),
    /// A path; `None` for a socket that was never given one.
    Unix(Option<PathBuf>),
}

impl Endpoint {
    /// The address and the port, if that is what it is.
    #[must_use]
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix(Some(path)) => path.display().fmt(f),
            Self::Unix(None) => f.write_str("(unnamed)"),
        }
    }
}

impl Channel for TcpStream {
    fn peer_name(&self) -> Option<Endpoint> {
        self.peer_addr().ok().map(Endpoint::Inet)
    }

    fn local_name(&self) -> Option<Endpoint> {
        self.local_addr().ok().map(Endpoint::Inet)
    }

    fn is_write_vectored(&self) -> bool {
        Self::is_write_vectored(self)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Self::descriptor(self)
    }

    fn file_descriptor(&self) -> Option<BorrowedFd<'_>> {
        Self::descriptor(self)
    }
}
