//! The reading half of a connection.

mod lines;
mod until;

use crate::buffer::Buffer;
use crate::channel::Endpoint;
use crate::error::{IncompleteRead, ReadExactError};
use crate::link::Link;
use contract::budget;
use futures_io::{AsyncBufRead, AsyncRead};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

pub use lines::TextLines;

/// How long a line may be, unless [`limit`](StreamReader::limit) says otherwise: 64 KiB.
pub(crate) const LIMIT: usize = 64 * 1024;

/// How much is read at a time: so little at first, and twice as much after each read that left no room, up to the most.
const CHUNK_MIN: usize = 4 * 1024;
const CHUNK_MAX: usize = 128 * 1024;

/// The reading half of a connection, with a buffer.
///
/// It reads when it is asked to, so a peer that sends more than is asked for waits in its own kernel. `AsyncRead` and
/// `AsyncBufRead` of futures-io work on it as well, and as a `Stream` it gives lines.
///
/// Dropping it lets the writer go on. When both are gone, what was written is sent and the connection closes.
///
/// `!Send`: it belongs to its loop.
///
/// # Cancel safety
///
/// Dropping any of its futures loses nothing: bytes that came and were not returned stay in its buffer, and the next read
/// begins with them. That holds for all of them, [`read_exact`](Self::read_exact) and
/// [`read_to_end`](Self::read_to_end) too.
///
/// # Python
///
/// `asyncio.StreamReader`. There the transport reads on its own, up to twice the limit. What was buffered before the
/// connection failed is given first here, then the error; there the error comes first.
pub struct StreamReader {
    pub(crate) link: Rc<Link>,
    pub(crate) buffer: Buffer,
    limit: usize,
    chunk: usize,
    /// The other side has ended, or the connection is closed.
    eof: bool,
    /// An error of the connection was told.
    failed: bool,
    /// The rest of a line that was too long is still on its way, and nobody wants it.
    pub(crate) skipping: bool,
}

impl StreamReader {
    pub(crate) fn new(link: Rc<Link>) -> Self {
        Self {
            link,
            buffer: Buffer::default(),
            limit: LIMIT,
            chunk: CHUNK_MIN,
            eof: false,
            failed: false,
            skipping: false,
        }
    }

    /// Sets how many bytes [`read_until`](Self::read_until) and [`readline`](Self::readline) may give, the separator not
    /// counted; 64 KiB unless set.
    ///
    /// # Python
    ///
    /// `open_connection(…, limit=…)`.
    pub fn limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Up to `most` bytes, as soon as there are some. None means the end.
    ///
    /// # Errors
    ///
    /// The connection failed.
    ///
    /// # Python
    ///
    /// `reader.read(n)`; for `read(-1)` see [`read_to_end`](Self::read_to_end).
    pub async fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let there = self.fill().await?.len();
        Ok(self.buffer.take(there.min(most)))
    }

    /// Everything up to the end.
    ///
    /// # Errors
    ///
    /// The connection failed; what came before is still in the [`buffer`](Self::buffer).
    ///
    /// # Python
    ///
    /// `reader.read()`. There a cancel loses what came before it.
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        self.step().await;
        while !self.eof {
            poll_fn(|cx| self.poll_more(cx, 0)).await?;
        }
        Ok(self.buffer.take(self.buffer.len()))
    }

    /// Just `len` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadExactError::Incomplete`] if the end comes before; it holds what came. Or the connection failed, and what came
    /// before is still in the [`buffer`](Self::buffer).
    ///
    /// # Python
    ///
    /// `reader.readexactly(n)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # core_loop::run(async {
    /// # let server = loop_io::start_server(async |_, writer: loop_io::StreamWriter| writer.write(b"\x05hello").map_err(std::io::Error::from), "127.0.0.1:0").await?;
    /// # let address = server.addresses()[0];
    /// let (mut reader, _writer) = loop_io::open_connection(address).await?;
    /// let len = reader.read_exact(1).await?[0];
    /// assert_eq!(reader.read_exact(len.into()).await?, b"hello");
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn read_exact(&mut self, len: usize) -> Result<Vec<u8>, ReadExactError> {
        self.step().await;
        while self.buffer.len() < len {
            if self.eof {
                let partial = self.buffer.take(self.buffer.len());
                return Err(ReadExactError::Incomplete(IncompleteRead { partial, expected: Some(len) }));
            }
            let missing = len - self.buffer.len();
            poll_fn(|cx| self.poll_more(cx, missing)).await?;
        }
        Ok(self.buffer.take(len))
    }

    /// What there is, without taking it: waits until there is something. Nothing means the end. [`consume`](Self::consume)
    /// takes of it.
    ///
    /// # Errors
    ///
    /// The connection failed.
    pub async fn fill(&mut self) -> io::Result<&[u8]> {
        poll_fn(|cx| {
            ready!(budget::spend(cx));
            self.poll_filled(cx)
        })
        .await?;
        Ok(self.buffer())
    }

    /// What came and was not read yet. Neither waits nor copies.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    /// Takes the first `len` bytes out of the [`buffer`](Self::buffer).
    ///
    /// # Panics
    ///
    /// If there are fewer.
    pub fn consume(&mut self, len: usize) {
        self.buffer.consume(len);
    }

    /// Whether everything has been read: the end has come, and the buffer is empty.
    ///
    /// # Python
    ///
    /// `reader.at_eof()`.
    #[must_use]
    pub fn at_eof(&self) -> bool {
        (self.eof || self.link.is_closing()) && self.buffer.is_empty()
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer_name(&self) -> Option<&Endpoint> {
        self.link.peer_name.as_ref()
    }

    /// Takes one operation from the step budget: reads that find all in the buffer must let others run, too.
    async fn step(&self) {
        poll_fn(budget::spend).await;
    }

    /// Ready when the buffer has something, or the end has come.
    fn poll_filled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.buffer.is_empty() && !self.eof {
            ready!(self.poll_more(cx, 0))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads into room that is larger than what would be read into the buffer, which stays as it is: whoever reads like this
    /// alone never has one.
    fn poll_past_buffer(&mut self, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(budget::spend(cx));
        let len = ready!(self.link.poll_read(cx, bytes)).inspect_err(|_| self.failed = true)?;
        self.eof = len == 0;
        Poll::Ready(Ok(len))
    }

    /// Reads once more into the buffer; `wanted` is a hint.
    fn poll_more(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
        let chunk = self.chunk.max(wanted.min(CHUNK_MAX));
        let room = self.buffer.spare(chunk);
        let whole = room.len();
        let len = ready!(self.link.poll_read(cx, room)).inspect_err(|_| self.failed = true)?;
        self.buffer.filled(len);
        self.eof = len == 0;
        if len == whole {
            self.chunk = (2 * self.chunk).min(CHUNK_MAX);
        }
        if self.skipping {
            self.skip_line();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for StreamReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(budget::spend(cx));
        ready!(this.poll_filled(cx))?;
        Poll::Ready(Ok(this.buffer()))
    }

    fn consume(self: Pin<&mut Self>, len: usize) {
        self.get_mut().buffer.consume(len);
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.buffer.is_empty() && !self.eof && !self.skipping && bytes.len() >= self.chunk {
            return self.poll_past_buffer(cx, bytes);
        }
        ready!(self.as_mut().poll_fill_buf(cx))?;
        Poll::Ready(Ok(self.buffer.give(bytes)))
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.link.drop_half(false);
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("peer_name", &self.link.peer_name)
            .field("buffered", &self.buffer.len())
            .field("eof", &self.eof)
            .finish_non_exhaustive()
    }
}
