//! What smol gives to the tasks of a loop: one timer, and the readiness of descriptors.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use contract::driver::{Io, Profile, Reactor, Readiness};
use smol::{Async, Timer};

use crate::readiness::SmolReadiness;

/// smol waits with nanoseconds (a timerfd in its epoll); what is left is the way through the kernel and back.
const TIMER_GRANULARITY: Duration = Duration::from_micros(100);

/// The process's one smol reactor, seen from one loop.
#[derive(Debug)]
pub(crate) struct SmolReactor {
    /// The loop's one timer.
    timer: RefCell<Timer>,
    /// What `timer` is set to: setting it again to the same deadline would cost smol's lock.
    armed: Cell<Option<Instant>>,
}

impl SmolReactor {
    pub(crate) fn new() -> Self {
        Self { timer: RefCell::new(Timer::never()), armed: Cell::new(None) }
    }
}

impl Reactor for SmolReactor {
    fn profile(&self) -> Profile {
        Profile::new("smol", TIMER_GRANULARITY, Io::Readiness)
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let mut timer = self.timer.borrow_mut();
        if self.armed.replace(deadline) != deadline {
            match deadline {
                Some(deadline) => timer.set_at(deadline),
                None => timer.clear(),
            }
        }
        // smol asks the clock first, and fires once: after that it is a timer that never fires.
        let fired = Pin::new(&mut *timer).poll(cx).map(drop);
        if fired.is_ready() {
            self.armed.set(None);
        }
        fired
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        Ok(Box::new(SmolReadiness::new(Async::new_nonblocking(descriptor)?)))
    }
}
