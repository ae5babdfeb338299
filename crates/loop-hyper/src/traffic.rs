//! How many bytes went over a connection, and whether any did lately.

use core_loop::sleep;
use futures_io::{AsyncRead, AsyncWrite};
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Traffic {
    read: Cell<u64>,
    written: Cell<u64>,
}

impl Traffic {
    pub(crate) fn written(&self) -> u64 {
        self.written.get()
    }

    /// Ends when no byte has moved for `idle`: after twice as long, at most.
    pub(crate) async fn ceases(&self, idle: Duration) {
        let moved = || (self.read.get(), self.written.get());
        loop {
            let before = moved();
            sleep(idle).await;
            if moved() == before {
                return;
            }
        }
    }
}

/// A stream whose bytes are counted.
pub(crate) struct Counted<'a, S> {
    pub(crate) stream: S,
    pub(crate) traffic: &'a Traffic,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(&mut self.stream).poll_read(cx, bytes))?;
        count(&self.traffic.read, length);
        Poll::Ready(Ok(length))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        count(&self.traffic.written, length);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

fn count(counter: &Cell<u64>, length: usize) {
    counter.set(counter.get() + length as u64);
}
