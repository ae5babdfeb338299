//! A stream of the loop in the form that hyper wants: futures-io on one side, hyper's own traits on the other.

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What one read takes, at most.
const SCRATCH: usize = 64 * 1024;

thread_local! {
    /// Where a read puts its bytes, before they are copied: hyper hands out uninitialised memory, which safe code can only
    /// copy into. One for all connections of a thread, so that one that waits keeps nothing; empty while it is in use.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Anything that reads and writes as futures-io has it, for hyper: a socket of the loop, [`Streams`](crate::Streams), TLS.
///
/// # Cancel safety
///
/// It keeps nothing: what is not read stays with the stream.
///
/// # Examples
///
/// ```
/// use core_loop::net::{TcpListener, TcpStream};
/// use loop_hyper::Io;
///
/// # core_loop::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let stream = TcpStream::connect(listener.local_addr()?).await?;
/// let (sender, connection) =
///     loop_hyper::hyper::client::conn::http1::handshake::<_, String>(Io::new(stream)).await?;
/// # let _ = (sender, connection);
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct Io<S> {
    stream: S,
}

impl<S> Io<S> {
    /// Around `stream`.
    pub const fn new(stream: S) -> Self {
        Self { stream }
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, for itself again.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // Taken, not borrowed: a stream may itself go through here.
        let mut spare = SPARE.take();
        if spare.is_empty() {
            spare = vec![0; SCRATCH];
        }
        let most = spare.len().min(buffer.remaining());
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut spare[..most]);
        if let Poll::Ready(Ok(length)) = read {
            buffer.put_slice(&spare[..length]);
        }
        SPARE.set(spare);
        ready!(read)?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Io<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
