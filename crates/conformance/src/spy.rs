//! A driver that is watched: how often the loop was polled, what it armed its timer for, and how late it came.

use contract::{Driver, Profile, Reactor, Readiness, Sockets, Token};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// What was seen.
#[derive(Default)]
pub(crate) struct Log {
    polls: Cell<usize>,
    armed: RefCell<Vec<Instant>>,
    /// What the timer is armed for now.
    alarm: Cell<Option<Instant>>,
    /// When the loop, which is awake, was to be woken: by its timer, or by something else before.
    woken: Cell<Option<Instant>>,
    lateness: Cell<Duration>,
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

    /// How late the loop came at worst: from the time that was to wake it to its last look at the clock before it slept
    /// again. A loop that has little to do is late only if the machine stalls.
    pub(crate) fn lateness(&self) -> Duration {
        self.lateness.get()
    }

    fn wakes(&self, now: Instant) {
        self.woken.set(Some(self.alarm.get().map_or(now, |alarm| alarm.min(now))));
        self.looks(now);
    }

    fn looks(&self, now: Instant) {
        let late = self.woken.get().map_or(Duration::ZERO, |woken| now.saturating_duration_since(woken));
        self.lateness.set(late.max(self.lateness.get()));
    }
}

/// `driver`, watched.
pub(crate) fn watch(driver: Box<dyn Driver>) -> (impl Driver, Rc<Log>) {
    watch_slowed(driver, 1)
}

/// As [`watch`], with a clock that is so many times too slow: all that the loop waits for takes as much longer, and a machine
/// that is late is late by as much less.
pub(crate) fn watch_slowed(driver: Box<dyn Driver>, slowed: u32) -> (impl Driver, Rc<Log>) {
    let log = Rc::new(Log::default());
    let reactor = driver.reactor();
    let begin = reactor.now();
    let reactor = Rc::new(Watched { reactor, log: log.clone(), begin, slowed });
    (Spy { driver, reactor }, log)
}

struct Spy {
    driver: Box<dyn Driver>,
    reactor: Rc<Watched>,
}

struct Watched {
    reactor: Rc<dyn Reactor>,
    log: Rc<Log>,
    /// When the clock began to be too slow.
    begin: Instant,
    slowed: u32,
}

impl Driver for Spy {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let counted = poll_fn(|cx| {
            self.reactor.log.polls.update(|polls| polls + 1);
            self.reactor.log.wakes(self.reactor.now());
            root.as_mut().poll(cx)
        });
        self.driver.run(pin!(counted));
    }

    fn gave_up(&self) -> Option<String> {
        self.driver.gave_up()
    }
}

impl Reactor for Watched {
    fn profile(&self) -> Profile {
        self.reactor.profile()
    }

    fn now(&self) -> Instant {
        let now = self.begin + (self.reactor.now() - self.begin) / self.slowed;
        self.log.looks(now);
        now
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        self.log.armed.borrow_mut().extend(deadline);
        self.log.alarm.set(deadline);
        // Back into the time of the runtime, and there not before this clock says so: the division rounds down.
        let real = deadline.map(|deadline| {
            let wait = deadline.saturating_duration_since(self.begin).saturating_mul(self.slowed);
            self.begin.checked_add(wait).unwrap_or(deadline)
        });
        self.reactor.poll_timer(cx, real)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        self.reactor.watch(descriptor)
    }

    fn sockets(&self) -> Option<&dyn Sockets> {
        self.reactor.sockets()
    }

    fn outside(&self, place: &'static Location<'static>) -> Option<Token> {
        self.reactor.outside(place)
    }
}
