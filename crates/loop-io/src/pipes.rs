//! Streams over pipes, and over this program's own standard streams.

use crate::channel::Channel;
use crate::connect::streams;
use crate::{StreamReader, StreamWriter};
use core_loop::pipe;
use futures_io::{AsyncRead, AsyncWrite};
use std::fs::OpenOptions;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A reading end, of which nothing is written.
struct ReadEnd(pipe::Reader);

/// A writing end, from which nothing is read.
struct WriteEnd(pipe::Writer);

/// A stream that reads from `reader`.
///
/// # Examples
///
/// ```
/// use loop_io::pipes::{read_stream, write_stream};
///
/// # core_loop::run(async {
/// let (reader, writer) = core_loop::pipe::pipe()?;
/// let (mut lines, writer) = (read_stream(reader), write_stream(writer));
/// writer.write(b"one\ntwo\n")?;
/// drop(writer);
/// assert_eq!(lines.readline().await?, b"one\n");
/// assert_eq!(lines.readline().await?, b"two\n");
/// assert_eq!(lines.readline().await?, b"");
/// # Result::<(), Box<dyn std::error::Error>>::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[must_use]
pub fn read_stream(reader: pipe::Reader) -> StreamReader {
    streams(ReadEnd(reader)).0
}

/// A stream that writes to `writer`. Closing it closes the pipe.
#[must_use]
pub fn write_stream(writer: pipe::Writer) -> StreamWriter {
    streams(WriteEnd(writer)).1
}

/// A stream that reads from any descriptor that bytes come out of: a pipe, a FIFO, a terminal, a device.
///
/// # Errors
///
/// As [`pipe::Reader::new`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `loop.connect_read_pipe(lambda: StreamReaderProtocol(reader), pipe)`.
pub fn connect_read_pipe(descriptor: impl Into<OwnedFd>) -> io::Result<StreamReader> {
    Ok(read_stream(pipe::Reader::new(descriptor)?))
}

/// A stream that writes to any descriptor that takes bytes.
///
/// # Errors
///
/// As [`pipe::Writer::new`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `loop.connect_write_pipe(…, pipe)`.
pub fn connect_write_pipe(descriptor: impl Into<OwnedFd>) -> io::Result<StreamWriter> {
    Ok(write_stream(pipe::Writer::new(descriptor)?))
}

/// This program's standard input.
///
/// A terminal, a pipe or a FIFO is opened anew, so that its mode does not change for whoever shares it, the shell for
/// example; a socket is shared.
///
/// # Errors
///
/// A plain file cannot be watched, since it is always ready: read it with [`to_thread`](core_loop::to_thread).
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `loop.connect_read_pipe(…, sys.stdin)`, which changes the mode of the terminal.
pub fn stdin() -> io::Result<StreamReader> {
    connect_read_pipe(anew(io::stdin().as_fd(), OpenOptions::new().read(true))?)
}

/// This program's standard output. What `print!` has buffered may come later.
///
/// # Errors
///
/// As [`stdin`].
///
/// # Panics
///
/// Outside a loop.
pub fn stdout() -> io::Result<StreamWriter> {
    connect_write_pipe(anew(io::stdout().as_fd(), OpenOptions::new().write(true))?)
}

/// The same file, opened once more: with a mode of its own. A socket cannot be, and is shared.
fn anew(stream: BorrowedFd<'_>, options: &OpenOptions) -> io::Result<OwnedFd> {
    match options.open(format!("/proc/self/fd/{}", stream.as_raw_fd())) {
        Ok(opened) => Ok(opened.into()),
        Err(_) => stream.try_clone_to_owned(),
    }
}

impl AsyncRead for ReadEnd {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for ReadEnd {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Channel for ReadEnd {
    /// What is left in it is for whoever else reads it.
    fn resets_if_unread(&self) -> bool {
        false
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

impl AsyncRead for WriteEnd {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }
}

impl AsyncWrite for WriteEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl Channel for WriteEnd {
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.descriptor()
    }

    fn file_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.descriptor()
    }
}
