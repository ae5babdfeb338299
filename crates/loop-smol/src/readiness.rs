//! A descriptor watched by smol.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use contract::driver::{Direction, Readiness};
use smol::Async;

/// One descriptor in smol's epoll.
pub(crate) struct SmolReadiness {
    descriptor: Async<Rc<OwnedFd>>,
    /// The last operation would have blocked, and smol was asked to tell: the next one waits for that first. Without that
    /// memory each wait would be followed by an operation in vain, since smol tells of its event at the first wait after it.
    reads_wait: Cell<bool>,
    writes_wait: Cell<bool>,
}

impl SmolReadiness {
    pub(crate) fn new(descriptor: Async<Rc<OwnedFd>>) -> Self {
        Self { descriptor, reads_wait: Cell::new(false), writes_wait: Cell::new(false) }
    }
}

impl Readiness for SmolReadiness {
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        _limit: usize, // smol watches only while it is asked to, so it has to be seen that nothing is left
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let waits = match direction {
            Direction::Read => &self.reads_wait,
            Direction::Write => &self.writes_wait,
        };
        loop {
            if waits.get() {
                // smol watches only from the first such call on, and level-triggered: what came before it is still seen.
                ready!(match direction {
                    Direction::Read => self.descriptor.poll_readable(cx),
                    Direction::Write => self.descriptor.poll_writable(cx),
                })?;
                waits.set(false);
            }
            match operation() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => waits.set(true),
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}
