//! Pipes: reading and writing any descriptor that bytes flow through.

use crate::Descriptor;
use crate::net::BUFFERS_MAX;
use contract::Direction;
use futures_io::{AsyncRead, AsyncWrite};
use nix::sys::uio::writev;
use nix::unistd;
use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

pub use crate::sigpipe::without_sigpipe;

/// The reading end of a pipe, or of anything alike: a FIFO, a terminal, a character device, a socket. Dropping it closes it.
///
/// # Cancel safety
///
/// Dropping a read loses nothing: what was not delivered stays with the pipe.
///
/// # Python
///
/// The transport of `loop.connect_read_pipe`.
pub struct Reader {
    descriptor: Descriptor,
}

/// The writing end of a pipe, or of anything alike. Closing or dropping it closes it; what was written stays readable.
///
/// Where nobody reads any more a write is a broken pipe, and never a SIGPIPE: see [`without_sigpipe`].
///
/// # Cancel safety
///
/// Dropping a write loses nothing of what was not written.
///
/// # Python
///
/// The transport of `loop.connect_write_pipe`.
pub struct Writer {
    /// `None` once it was closed.
    descriptor: Option<Descriptor>,
}

/// A new pipe.
///
/// # Errors
///
/// No descriptors left, or none at all, as on virtual time.
///
/// # Panics
///
/// Outside a loop.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # core_loop::run(async {
/// let (mut reader, mut writer) = core_loop::pipe::pipe()?;
/// writer.write_all(b"hello").await?;
/// writer.close().await?;
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub fn pipe() -> io::Result<(Reader, Writer)> {
    let (reader, writer) = io::pipe()?;
    Ok((Reader::new(reader)?, Writer::new(writer)?))
}

impl Reader {
    /// Reads `descriptor`, and puts it into non-blocking mode: see [`Descriptor::new`].
    ///
    /// # Errors
    ///
    /// What the kernel says of a descriptor that cannot be watched; of a plain file, which is always ready, it is a
    /// permission error: read it with [`to_thread`](crate::to_thread).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn new(descriptor: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self { descriptor: Descriptor::new(descriptor)? })
    }
}

impl Writer {
    /// Writes to `descriptor`, and puts it into non-blocking mode: see [`Descriptor::new`].
    ///
    /// # Errors
    ///
    /// As [`Reader::new`].
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn new(descriptor: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self { descriptor: Some(Descriptor::new(descriptor)?) })
    }
}

impl Writer {
    /// The descriptor behind it; `None` once it is closed.
    #[must_use]
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }
}

impl AsyncRead for Reader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        // The kernel would wait for bytes, even for none.
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.descriptor.poll_with(cx, Direction::Read, |end| Ok(unistd::read(end, buf)?))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Some(descriptor) = &self.descriptor else { return Poll::Ready(Err(closed())) };
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        descriptor.poll_with(cx, Direction::Write, |end| without_sigpipe(|| Ok(unistd::write(end, buf)?)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(descriptor) = &self.descriptor else { return Poll::Ready(Err(closed())) };
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let bufs = &bufs[..bufs.len().min(BUFFERS_MAX)];
        descriptor.poll_with(cx, Direction::Write, |end| without_sigpipe(|| Ok(writev(end, bufs)?)))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was written is with the kernel already.
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.descriptor = None;
        Poll::Ready(Ok(()))
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the pipe was closed here: write before `close`")
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.as_fd()).finish()
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writer").field(&self.descriptor()).finish()
    }
}
