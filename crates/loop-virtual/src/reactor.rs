//! What a loop on virtual time is given: the clock, one timer, the network in memory.

use crate::gate::Gate;
use crate::net::Network;
use crate::world::World;
use contract::driver::{Io, Profile, Reactor, Readiness, Sockets, Token};
use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The clock's own step.
const GRANULARITY: Duration = Duration::from_nanos(1);

/// A deadline that is further away never comes: whoever armed it meant "for ever".
pub(crate) const NEVER: Duration = Duration::from_secs(20 * 365 * 86_400);

pub(crate) struct VirtualReactor {
    pub(crate) world: Rc<World>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) network: Rc<Network>,
    /// How late a timer may be.
    lateness: Duration,
    /// The loop's one timer, and whom it wakes.
    timer: RefCell<Option<(Instant, Waker)>>,
}

impl VirtualReactor {
    pub(crate) fn new(world: Rc<World>, gate: Arc<Gate>, network: Rc<Network>, lateness: Duration) -> Self {
        Self { world, gate, network, lateness, timer: RefCell::new(None) }
    }

    /// Nothing is ready, and nobody outside works: time jumps to what comes next. `false` if nothing does.
    pub(crate) fn jump(&self) -> bool {
        let clock = &self.world.clock;
        let deadline = self.timer.borrow().as_ref().map(|(deadline, _)| *deadline);
        let late = || self.world.random.span(&(Duration::ZERO..=self.lateness));
        // A host that comes late finds more than one thing due; what is sent comes at its time.
        let deadline = deadline.map(|deadline| deadline.checked_add(late()).unwrap_or(deadline));
        let next = deadline.into_iter().chain(self.world.events.next()).min();
        match next {
            Some(next) if next.saturating_duration_since(clock.now()) < NEVER => clock.jump_to(next),
            _ => return false,
        }
        self.fire_if_due();
        true
    }

    /// The time, for a loop that has something to do.
    pub(crate) fn look(&self) -> Instant {
        self.world.clock.look(|| !self.gate.has_tokens())
    }

    pub(crate) fn fire_if_due(&self) {
        let now = self.world.clock.now();
        let due = self.timer.borrow_mut().take_if(|(deadline, _)| *deadline <= now);
        if let Some((_, waker)) = due {
            waker.wake();
        }
    }

    /// The run is over: its root's waker is let go.
    pub(crate) fn disarm(&self) {
        let timer = self.timer.take();
        drop(timer);
    }
}

impl Drop for VirtualReactor {
    fn drop(&mut self) {
        self.world.events.close();
    }
}

impl Reactor for VirtualReactor {
    fn profile(&self) -> Profile {
        Profile::new("virtual", GRANULARITY.saturating_add(self.lateness), Io::Readiness)
    }

    fn now(&self) -> Instant {
        self.look()
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let due = deadline.is_some_and(|deadline| deadline <= self.world.clock.now());
        let timer = deadline.filter(|_| !due).map(|deadline| (deadline, cx.waker().clone()));
        let before = self.timer.replace(timer);
        drop(before);
        if due { Poll::Ready(()) } else { Poll::Pending }
    }

    fn watch(&self, _descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "descriptors do not exist on virtual time: use the network in memory, or read it with `to_thread`",
        ))
    }

    fn sockets(&self) -> Option<&dyn Sockets> {
        Some(&*self.network)
    }

    fn outside(&self, place: &'static Location<'static>) -> Option<Token> {
        Some(Box::new(self.gate.token(place)))
    }
}
