//! A stream of the loop, in the form that hyper wants: futures-io on one side, hyper's own traits on the other.

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What one read takes, at most. hyper hands out uninitialised memory, which safe code may only copy into.
const CHUNK: usize = 8 * 1024;

/// How many bytes went over a connection.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) read: Cell<u64>,
    pub(super) written: Cell<u64>,
}

/// `stream` for hyper, counted in `traffic`.
pub(super) struct Io<'a, S> {
    stream: S,
    traffic: &'a Traffic,
    chunk: Box<[u8]>,
}

impl<'a, S> Io<'a, S> {
    pub(super) fn new(stream: S, traffic: &'a Traffic) -> Self {
        Self { stream, traffic, chunk: vec![0; CHUNK].into() }
    }
}

impl<S: AsyncRead + Unpin> Read for Io<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let most = this.chunk.len().min(buffer.remaining());
        let length = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut this.chunk[..most]))?;
        buffer.put_slice(&this.chunk[..length]);
        count(&this.traffic.read, length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Io<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(&mut self.stream).poll_write(cx, buffer))?;
        count(&self.traffic.written, length);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

fn count(counter: &Cell<u64>, length: usize) {
    counter.set(counter.get() + length as u64);
}
