//! glommio's own TCP sockets.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use contract::driver::{Listener, Stream};
use core_loop::pipe::without_sigpipe;
use futures_io::{AsyncRead, AsyncWrite};
use glommio::net::{TcpListener, TcpStream};

use crate::orphans::Orphans;
use crate::sys;

/// Connects to `address`. The operation belongs to this future; a dropped one ends it.
pub(crate) async fn connect(address: SocketAddr) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(GlommioStream(RefCell::new(TcpStream::connect(address).await?))))
}

/// Takes over a connected socket.
pub(crate) fn connected(stream: StdStream) -> io::Result<Box<dyn Stream>> {
    // As glommio's own connect leaves it: it moves bytes only when the ring says that there are some.
    stream.set_nonblocking(false)?;
    Ok(Box::new(GlommioStream(RefCell::new(sys::take_over_connected(stream)))))
}

/// A connection. glommio asks the ring for readiness and moves the bytes itself, so a read that is not polled again has
/// taken none.
struct GlommioStream(RefCell<TcpStream>);

impl Stream for GlommioStream {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_read(cx, buffer)
    }

    fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    /// At once, past glommio, which knows no write of several buffers, and none without a SIGPIPE. Where there is no room, glommio
    /// tries with the first buffer, and waits.
    fn poll_write_vectored(&self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match sys::send_vectored(sys::descriptor(&self.0), buffers) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                let first = buffers.iter().find(|buffer| !buffer.is_empty());
                let first = first.map_or(&[][..], |buffer| buffer);
                let written =
                    without_sigpipe(|| match Pin::new(&mut *self.0.borrow_mut()).poll_write(cx, first) {
                        Poll::Ready(written) => written.map(Some),
                        Poll::Pending => Ok(None),
                    });
                written.transpose().map_or(Poll::Pending, Poll::Ready)
            }
            outcome => Poll::Ready(outcome),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>, how: Shutdown) -> Poll<io::Result<()>> {
        // Ready at its first poll: glommio makes this system call itself.
        pin!(self.0.borrow().shutdown(how)).poll(cx).map_err(io::Error::from)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.borrow().peer_addr()?)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.borrow().local_addr()?)
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Ok(self.0.borrow().set_nodelay(nodelay)?)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(sys::descriptor(&self.0))
    }
}

/// An accept that the kernel owns.
type Accepting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

/// A listening socket.
pub(crate) struct GlommioListener {
    listener: Rc<TcpListener>,
    /// The accept under way. It stays here when the task that waited for it is gone, and so does what it yields.
    accepting: RefCell<Option<Accepting>>,
    /// The same socket a second time: glommio's own does not let itself be shut down.
    socket: StdStream,
    orphans: Rc<Orphans>,
}

impl GlommioListener {
    pub(crate) fn new(listener: StdListener, orphans: Rc<Orphans>) -> io::Result<Self> {
        // In non-blocking mode the kernel answers an accept at once, "none there", instead of waiting for one.
        listener.set_nonblocking(false)?;
        let socket = StdStream::from(OwnedFd::from(listener.try_clone()?));
        let listener = Rc::new(sys::take_over(listener));
        Ok(Self { listener, accepting: RefCell::new(None), socket, orphans })
    }
}

impl Listener for GlommioListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Stream>, SocketAddr)>> {
        loop {
            let mut accepting = self.accepting.borrow_mut();
            let accept = accepting.get_or_insert_with(|| {
                let listener = self.listener.clone();
                Box::pin(async move { Ok(listener.accept().await?) })
            });
            let accepted = ready!(accept.as_mut().poll(cx));
            *accepting = None;
            let stream = accepted?;
            sys::close_on_exec(&stream)?;
            // A peer that has hung up already has no address any more. That is no fault of the listener: on to the next.
            if let Ok(peer) = stream.peer_addr() {
                return Poll::Ready(Ok((Box::new(GlommioStream(RefCell::new(stream))), peer)));
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

impl Drop for GlommioListener {
    fn drop(&mut self) {
        if let Some(accept) = self.accepting.take() {
            // Ends the accept, with an error or with a connection that came first and is closed then. An error here
            // means that the socket listens no more, which is what is asked for.
            let _ = self.socket.shutdown(Shutdown::Both);
            self.orphans.adopt(Box::pin(async move { drop(accept.await) }));
        }
    }
}
