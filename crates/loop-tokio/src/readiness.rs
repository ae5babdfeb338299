//! A descriptor watched by tokio.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use contract::driver::{Direction, Readiness};
use tokio::io::unix::AsyncFd;

/// One descriptor in tokio's epoll.
pub(crate) struct TokioReadiness(pub(crate) AsyncFd<Rc<OwnedFd>>);

impl Readiness for TokioReadiness {
    fn poll_io(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(match direction {
                Direction::Read => self.0.poll_read_ready(cx),
                Direction::Write => self.0.poll_write_ready(cx),
            })?;
            // `try_io` forgets only the readiness that this guard saw: an event that tokio's driver delivers in between,
            // perhaps on another thread, stays.
            if let Ok(result) = ready.try_io(|_| operation()) {
                return Poll::Ready(result);
            }
        }
    }
}
