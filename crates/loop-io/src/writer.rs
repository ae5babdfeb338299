//! The writing half of a connection.

use crate::error::{Lost, WriteError};
use crate::info::informs;
use crate::limits::WriteLimits;
use crate::link::Link;
use crate::send_file::{SendFile, SendFileError};
use futures_io::AsyncWrite;
use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The writing half of a connection, with a buffer.
///
/// [`write`](Self::write) only hands over and never waits: what the kernel has no room for is sent in the background.
/// Whoever writes much awaits [`drain`](Self::drain) in between, so that a slow peer does not fill the memory. All of it
/// takes `&self`: several tasks may share one, behind an `Rc`.
///
/// Dropping it ends the writing side once everything is sent, and the reader can go on. When both are gone, the connection
/// closes.
///
/// `!Send`: it belongs to its loop. When the loop closes, what is not sent by then is lost.
///
/// # Python
///
/// `asyncio.StreamWriter`. There a drop closes both ways, with a warning.
///
/// # Examples
///
/// ```
/// # core_loop::run(async {
/// # let server = loop_io::start_server(async |_, _| {}, "127.0.0.1:0").await?;
/// # let address = server.addresses()[0];
/// let (_reader, writer) = loop_io::open_connection(address).await?;
/// for _ in 0..100 {
///     writer.write(b"a line\n")?;
///     writer.drain().await?;
/// }
/// writer.close();
/// writer.wait_closed().await?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub struct StreamWriter {
    pub(crate) link: Rc<Link>,
}

impl StreamWriter {
    pub(crate) fn new(link: Rc<Link>) -> Self {
        Self { link }
    }

    /// Takes `bytes`: sends at once what the kernel has room for, and keeps the rest, which is sent in the background.
    ///
    /// # Errors
    ///
    /// After [`write_eof`](Self::write_eof) or [`close`](Self::close), and when the connection has failed: then nothing of
    /// it is sent any more.
    pub fn write(&self, bytes: &[u8]) -> Result<(), WriteError> {
        self.link.write(bytes)
    }

    /// As [`write`](Self::write), of several pieces in a row. They leave together.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Python
    ///
    /// `writer.writelines(pieces)`.
    pub fn writelines<B: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = B>) -> Result<(), WriteError> {
        self.link.writelines(pieces)
    }

    /// As [`writelines`](Self::writelines), for slices as `std` writes them. What the kernel has room for goes there from
    /// where it stands, without a copy.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> Result<(), WriteError> {
        self.link.write_vectored(pieces)
    }

    /// Waits until it is a good time to write more: at once if the unsent bytes are below the high water mark, else when
    /// they are down at the low one.
    ///
    /// # Errors
    ///
    /// The connection has failed, or was closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing: sending goes on without it.
    ///
    /// # Python
    ///
    /// `writer.drain()`.
    pub async fn drain(&self) -> Result<(), WriteError> {
        self.link.drained(|link| !link.is_paused()).await
    }

    /// Waits until everything that was written is with the kernel.
    ///
    /// # Errors
    ///
    /// The connection has failed, or was aborted.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn flush(&self) -> Result<(), WriteError> {
        self.link.flushed().await
    }

    /// Sets the water marks for [`drain`](Self::drain).
    ///
    /// # Python
    ///
    /// `writer.transport.set_write_buffer_limits(high, low)`.
    pub fn set_write_buffer_limits(&self, limits: WriteLimits) {
        self.link.set_limits(limits);
    }

    /// Ends the writing side once everything is sent. The other side sees the end, and may go on sending. Nothing if the
    /// connection [cannot](Self::can_write_eof).
    pub fn write_eof(&self) {
        self.link.write_eof();
    }

    /// Closes the connection once everything is sent. Reading ends at once: the reader gives what is in its buffer, then the
    /// end. Again, nothing happens.
    pub fn close(&self) {
        self.link.close();
    }

    /// Closes the connection at once, and forgets what is not sent.
    ///
    /// # Python
    ///
    /// `writer.transport.abort()`.
    pub fn abort(&self) {
        self.link.abort();
    }

    /// Waits until the connection is closed: everything is sent, or it has failed. Somebody has to
    /// [`close`](Self::close) it.
    ///
    /// # Errors
    ///
    /// It failed before everything was sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing: the close goes on without it.
    pub async fn wait_closed(&self) -> Result<(), Lost> {
        self.link.wait_closed().await
    }

    /// Sends all of `file`, after what was written before; parts of one, and other ways, with a [`SendFile`].
    ///
    /// # Errors
    ///
    /// What the file or the connection says.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves a part of the file sent, and nobody knows how much: keep a [`SendFile`], which does.
    ///
    /// # Python
    ///
    /// `loop.sendfile(writer.transport, file)`.
    pub async fn sendfile(&self, file: &File) -> Result<u64, SendFileError> {
        SendFile::new(file).to(self).await
    }

    fn link(&self) -> &Link {
        &self.link
    }

    /// Above the high water mark, and not down at the low one since.
    pub(crate) fn is_paused(&self) -> bool {
        self.link.is_paused()
    }
}

informs!(StreamWriter);

/// `poll_write` waits until everything that was written before is sent, and then takes what the kernel takes: nothing is
/// kept, so nobody has to drain. `poll_flush` waits until everything is with the kernel; `poll_close` closes both ways.
impl AsyncWrite for StreamWriter {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, |channel, cx| channel.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, |channel, cx| channel.poll_write_vectored(cx, pieces))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(ready!(self.link.poll_flushed(cx))?))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        match ready!(self.link.poll_drained(cx, |link| link.is_closed())) {
            Ok(()) | Err(WriteError::Closed) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        self.link.drop_half(true);
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter")
            .field("peer_name", &self.link.peer_name)
            .field("backlog", &self.link.backlog())
            .field("state", &self.link.state())
            .finish_non_exhaustive()
    }
}
