//! How other threads wake the loop.
//!
//! Not through glommio's own wakers: those write to an eventfd, whose completion can come at a moment in which glommio 0.9
//! takes it for "preempt", finds nothing else to do, and goes to sleep with a task ready to run. The completion of a
//! socket has a task to wake, which keeps glommio awake.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;
use glommio::net::UnixStream;

use crate::sys;

/// The loop's end: rings in glommio's ring.
#[derive(Debug)]
pub(crate) struct Bell(UnixStream);

/// The other threads' end.
#[derive(Debug)]
pub(crate) struct Rope(StdStream);

/// Hangs a bell in the executor that runs on this thread, at one end of `pair`.
pub(crate) fn hang((bell, rope): (StdStream, StdStream)) -> (Bell, Rope) {
    (Bell(sys::take_over_stream(bell)), Rope(rope))
}

/// What a bell is made of. Asked for on its own, because an executor that has run costs a descriptor for good.
pub(crate) fn pair() -> io::Result<(StdStream, StdStream)> {
    let pair = StdStream::pair()?;
    pair.1.set_nonblocking(true)?;
    Ok(pair)
}

impl Bell {
    /// Takes note of all that rang so far. `cx` is woken when it rings again.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) {
        let mut rings = [0; 64];
        // Neither the end nor an error can come: this driver holds both ends.
        while let Poll::Ready(Ok(1..)) = Pin::new(&mut self.0).poll_read(cx, &mut rings) {}
    }
}

impl Rope {
    pub(crate) fn pull(&self) {
        // Full means that the bell rings already.
        let _ = sys::send_vectored(self.0.as_fd(), &[IoSlice::new(&[1])]);
    }
}
