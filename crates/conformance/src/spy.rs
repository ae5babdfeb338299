//! A driver that is watched: how often the loop was polled, and what it armed its timer for.

use contract::{Driver, Profile, Reactor, Readiness, Sockets};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

/// What was seen.
#[derive(Default)]
pub(crate) struct Log {
    polls: Cell<usize>,
    armed: RefCell<Vec<Instant>>,
}

impl Log {
    /// How often the runtime polled the loop.
    pub(crate) fn polls(&self) -> usize {
        self.polls.get()
    }

    /// The times for which the loop armed its timer since this was asked last.
    pub(crate) fn take_armed(&self) -> Vec<Instant> {
        self.armed.take()
    }
}

/// `driver`, watched.
pub(crate) fn watch(driver: Box<dyn Driver>) -> (impl Driver, Rc<Log>) {
    let log = Rc::new(Log::default());
    let reactor = Rc::new(Watched { reactor: driver.reactor(), log: log.clone() });
    (Spy { driver, reactor }, log)
}

struct Spy {
    driver: Box<dyn Driver>,
    reactor: Rc<Watched>,
}

struct Watched {
    reactor: Rc<dyn Reactor>,
    log: Rc<Log>,
}

impl Driver for Spy {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let counted = poll_fn(|cx| {
            self.reactor.log.polls.update(|polls| polls + 1);
            root.as_mut().poll(cx)
        });
        self.driver.run(pin!(counted));
    }
}

impl Reactor for Watched {
    fn profile(&self) -> Profile {
        self.reactor.profile()
    }

    fn now(&self) -> Instant {
        self.reactor.now()
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        self.log.armed.borrow_mut().extend(deadline);
        self.reactor.poll_timer(cx, deadline)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        self.reactor.watch(descriptor)
    }

    fn sockets(&self) -> Option<&dyn Sockets> {
        self.reactor.sockets()
    }
}
