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
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        limit: usize,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(match direction {
                Direction::Read => self.0.poll_read_ready(cx),
                Direction::Write => self.0.poll_write_ready(cx),
            })?;
            // `try_io` forgets only the readiness that this guard saw: an event that tokio's driver delivers in between,
            // perhaps on another thread, stays. So does the end of the other side, which is never forgotten.
            let Ok(result) = ready.try_io(|_| operation()) else { continue };
            if matches!(result, Ok(moved) if 0 < moved && moved < limit) {
                ready.clear_ready();
            }
            return Poll::Ready(result);
        }
    }
}
