//! What glommio gives to the tasks of a loop: one timer, and sockets.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use contract::driver::{Connecting, Io, Listener, Profile, Reactor, Readiness, Sockets, Stream};
use core_loop::ReadinessThread;

use crate::alarm::Alarm;
use crate::orphans::Orphans;
use crate::sockets::{self, GlommioListener};

/// The ring's timeouts have nanoseconds; what is left is the way through the kernel and back.
const TIMER_GRANULARITY: Duration = Duration::from_micros(100);

/// The reactor of one glommio executor.
#[derive(Debug, Default)]
pub(crate) struct GlommioReactor {
    /// The loop's one timer, while it is armed.
    timer: RefCell<Option<Alarm>>,
    /// glommio 0.9 watches no descriptors.
    readiness: ReadinessThread,
    orphans: Rc<Orphans>,
}

impl GlommioReactor {
    pub(crate) fn orphans(&self) -> &Orphans {
        &self.orphans
    }

    /// Lets go of the timer.
    pub(crate) fn disarm(&self) {
        self.timer.take();
    }
}

impl Reactor for GlommioReactor {
    fn profile(&self) -> Profile {
        Profile::new("glommio", TIMER_GRANULARITY, Io::Completion)
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            self.disarm();
            return Poll::Pending;
        };
        Alarm::poll(&mut self.timer.borrow_mut(), cx, deadline)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        self.readiness.watch(descriptor)
    }

    fn sockets(&self) -> Option<&dyn Sockets> {
        Some(self)
    }
}

impl Sockets for GlommioReactor {
    fn connect(&self, address: SocketAddr) -> Connecting {
        Box::pin(sockets::connect(address))
    }

    fn listener(&self, listener: TcpListener) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(GlommioListener::new(listener, self.orphans.clone())?))
    }

    fn stream(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        sockets::connected(stream)
    }
}
