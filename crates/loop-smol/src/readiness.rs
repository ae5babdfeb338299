//! A descriptor watched by smol.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use contract::driver::{Direction, Readiness};
use smol::Async;

/// One descriptor in smol's epoll.
pub(crate) struct SmolReadiness(pub(crate) Async<Rc<OwnedFd>>);

impl Readiness for SmolReadiness {
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        _limit: usize, // smol tries first, and does not remember readiness
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match operation() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
            // smol watches only from this call on, and level-triggered: what came before it is still seen.
            ready!(match direction {
                Direction::Read => self.0.poll_readable(cx),
                Direction::Write => self.0.poll_writable(cx),
            })?;
        }
    }
}
