//! What glommio gives to the tasks of a loop: one timer, and sockets.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use contract::driver::{Connecting, Io, Listener, Profile, Reactor, Readiness, Sockets};
use glommio::timer::Timer;

use crate::orphans::Orphans;
use crate::sockets::{self, GlommioListener};

/// The ring's timeouts have nanoseconds; what is left is the way through the kernel and back.
const TIMER_GRANULARITY: Duration = Duration::from_micros(100);

/// The reactor of one glommio executor.
#[derive(Debug, Default)]
pub(crate) struct GlommioReactor {
    /// The loop's one timer and its deadline, while it is armed.
    timer: RefCell<Option<(Instant, Timer)>>,
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
        let mut armed = self.timer.borrow_mut();
        // glommio counts from its own reading of the clock, which is later than this one: it is never early.
        let timer = match &mut *armed {
            Some((at, timer)) if *at == deadline => timer,
            Some((at, timer)) => {
                *at = deadline;
                timer.reset(deadline.saturating_duration_since(Instant::now()));
                timer
            }
            None => {
                let timer = Timer::new(deadline.saturating_duration_since(Instant::now()));
                &mut armed.insert((deadline, timer)).1
            }
        };
        let fired = Pin::new(timer).poll(cx).map(drop);
        if fired.is_ready() {
            *armed = None;
        }
        fired
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        let _ = descriptor;
        Err(io::Error::new(io::ErrorKind::Unsupported, "glommio 0.9 watches no descriptors"))
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
}
