//! `smol::block_on` that carries the loop.

use std::io;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;

use contract::driver::{Driver, Reactor, Unavailable};

use crate::reactor::SmolReactor;

/// Carries the loop on smol: its `block_on`, and the one reactor that a process has.
///
/// `smol::Timer`, `smol::Async` and everything built on them work inside the loop's tasks.
#[derive(Debug)]
pub struct SmolDriver {
    reactor: Rc<SmolReactor>,
}

impl SmolDriver {
    /// Checks that smol's reactor can start here.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when no descriptors are left, which smol itself would answer with a panic.
    pub fn new() -> Result<Self, Unavailable> {
        // As many descriptors as the reactor opens at its first use (epoll, eventfd, timerfd), and one to watch.
        let _probe = (UnixStream::pair().map_err(unavailable)?, UnixStream::pair().map_err(unavailable)?);
        Ok(Self { reactor: Rc::new(SmolReactor::new()) })
    }
}

impl Driver for SmolDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        smol::block_on(root);
    }
}

fn unavailable(error: io::Error) -> Unavailable {
    Unavailable::new("smol", error.to_string(), "close descriptors, or raise the limit (ulimit -n)")
}
