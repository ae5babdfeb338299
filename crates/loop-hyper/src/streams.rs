//! A reader and a writer as one stream.

use futures_io::{AsyncRead, AsyncWrite};
use loop_io::{StreamReader, StreamWriter};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The reader and the writer of one connection as one stream: what a server's handler is given, for [`Io`](crate::Io).
///
/// `poll_close` ends the writing side alone, after what is written; the drop closes the connection, once all is sent.
#[derive(Debug)]
pub struct Streams {
    /// The reading half.
    pub reader: StreamReader,
    /// The writing half.
    pub writer: StreamWriter,
}

impl Streams {
    /// Of the two halves of one connection.
    #[must_use]
    pub const fn new(reader: StreamReader, writer: StreamWriter) -> Self {
        Self { reader, writer }
    }
}

impl AsyncRead for Streams {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, bytes)
    }
}

impl AsyncWrite for Streams {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.write_eof();
        Pin::new(&mut self.writer).poll_flush(cx)
    }
}
