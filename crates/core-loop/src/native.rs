//! The native driver: this loop's own way to sleep and wake, on Linux's epoll and nothing else.

mod alarm;
mod hub;
mod park;
mod poller;
mod registry;
mod spinner;
mod timer;

pub(crate) use hub::{Hub, Watch};
pub(crate) use registry::Registry;
pub(crate) use timer::Timer;

use contract::{Driver, Io, Profile, Reactor, Readiness, Unavailable};
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The kernel's alarm is exact; this is for the scheduler of an idle machine.
const GRANULARITY: Duration = Duration::from_micros(500);

/// Runs the loop on its own: epoll (edge-triggered) for descriptors, an eventfd for wakes from other threads, and timers
/// as precise as the kernel's.
///
/// It owns one descriptor, another from its first sleep on and a third from its first timer on, and starts no thread. Where
/// there is no second one left, wakes from other threads are noticed after a millisecond at most; without a third one, timers
/// are rounded up to whole milliseconds.
///
/// # Python
///
/// `selectors.EpollSelector` under a `SelectorEventLoop`, with the self-pipe. There each wait rounds up to a millisecond.
pub struct NativeDriver {
    reactor: Rc<NativeReactor>,
}

struct NativeReactor {
    hub: Rc<Hub<RefCell<Registry>>>,
    timer: Timer,
}

impl NativeDriver {
    /// Makes the driver.
    ///
    /// # Errors
    ///
    /// Why it cannot run here: no descriptors left, or epoll is forbidden.
    pub fn new() -> Result<Self, Unavailable> {
        Ok(Self { reactor: Rc::new(NativeReactor { hub: Rc::new(Hub::new()?), timer: Timer::default() }) })
    }
}

impl Driver for NativeDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        self.reactor.hub.run(&self.reactor.timer, root);
    }
}

impl Reactor for NativeReactor {
    fn profile(&self) -> Profile {
        Profile::new("native", GRANULARITY, Io::Readiness)
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        self.timer.poll(cx, deadline)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        Ok(Box::new(Watch::new(self.hub.clone(), descriptor)?))
    }
}

impl fmt::Debug for NativeDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeDriver").field("hub", &self.reactor.hub).finish_non_exhaustive()
    }
}
