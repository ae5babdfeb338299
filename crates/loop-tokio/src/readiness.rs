//! A descriptor watched by tokio.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use contract::driver::{Direction, Readiness};
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

/// One descriptor in tokio's epoll.
pub(crate) struct TokioReadiness {
    watched: Rc<AsyncFd<Rc<OwnedFd>>>,
    /// Ends with the next error of the descriptor; there while a read waits for anything but bytes of a stream.
    failure: RefCell<Option<Failure>>,
}

type Failure = Pin<Box<dyn Future<Output = io::Result<()>>>>;

impl TokioReadiness {
    pub(crate) fn new(watched: AsyncFd<Rc<OwnedFd>>) -> Self {
        Self { watched: Rc::new(watched), failure: RefCell::new(None) }
    }

    /// tokio tells a reader of bytes and of the end, but not of an error that comes alone, as a datagram socket has it
    /// whose datagram was refused.
    fn poll_failure(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut failure = self.failure.borrow_mut();
        let failing = failure.get_or_insert_with(|| {
            let watched = self.watched.clone();
            Box::pin(async move {
                let mut seen = watched.ready(Interest::ERROR).await?;
                // The next error is another one.
                seen.clear_ready_matching(Ready::ERROR);
                Ok(())
            })
        });
        let failed = ready!(failing.as_mut().poll(cx));
        *failure = None;
        Poll::Ready(failed)
    }
}

impl Readiness for TokioReadiness {
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        limit: usize,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let ready = match direction {
                Direction::Read => self.watched.poll_read_ready(cx),
                Direction::Write => self.watched.poll_write_ready(cx),
            };
            let Poll::Ready(ready) = ready else {
                if direction == Direction::Write || limit > 0 {
                    return Poll::Pending;
                }
                ready!(self.poll_failure(cx))?;
                match operation() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    outcome => return Poll::Ready(outcome),
                }
            };
            let mut ready = ready?;
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
