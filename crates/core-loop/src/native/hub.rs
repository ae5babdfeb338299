//! One poller with its registrations: what the native loop and the readiness thread have in common.

use super::poller::{BELL, Poller, is_watched};
use super::registry::{Attempt, Key, Registry, Share};
use super::spinner::{Spinner, Visit};
use super::timer::Timer;
use crate::exception;
use contract::{Direction, Readiness, Unavailable};
use nix::sys::epoll::EpollEvent;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How many events one visit to the kernel fetches. More stay there for the next.
const EVENTS: usize = 256;

#[derive(Debug)]
pub(crate) struct Hub<S> {
    poller: Poller,
    registry: S,
}

impl<S: Share> Hub<S> {
    pub(crate) fn new() -> Result<Self, Unavailable> {
        Ok(Self { poller: Poller::new()?, registry: S::new(Registry::default()) })
    }

    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Polls `root` on this thread until it is ready, and the kernel between its polls.
    pub(crate) fn run(&self, timer: &Timer, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let waker = Waker::from(self.poller.wakeup().clone());
        let cx = &mut Context::from_waker(&waker);
        let mut events = Vec::new();
        let mut woken = Vec::new();
        let mut spinner = Spinner::default();
        // A wake that is left over from an earlier root says nothing about this one.
        self.poller.wakeup().park.take();
        while root.as_mut().poll(cx).is_pending() {
            loop {
                self.visit(timer, &mut spinner, &mut events, &mut woken);
                if self.poller.wakeup().park.take() {
                    break;
                }
            }
        }
    }

    /// Fetches what the kernel has, and wakes whoever waits for it. It sleeps first, unless the root was woken already.
    fn visit(
        &self,
        timer: &Timer,
        spinner: &mut Spinner,
        events: &mut Vec<EpollEvent>,
        woken: &mut Vec<Waker>,
    ) {
        if events.is_empty() {
            // Here, because many a root never comes to a visit.
            events.resize(EVENTS, EpollEvent::empty());
        }
        let has_bell = self.poller.has_bell();
        let park = &self.poller.wakeup().park;
        spinner.wait_awake(park, timer);
        let sleeps = park.park();
        let timeout = if sleeps { timer.set_alarm(&self.poller) } else { Some(Duration::ZERO) };
        let timeout = Poller::bounded(timeout, has_bell);
        let arrived = self.poller.wait(events, timeout);
        // Before any waker is called, so that none of them rings the bell.
        park.unpark();
        spinner.visited(match &events[..arrived] {
            [] if !sleeps => Visit::Looked,
            [only] if only.data() == BELL => Visit::Rung,
            _ => Visit::Else,
        });
        if arrived > 0 {
            self.registry.with(|registry| {
                for event in events[..arrived].iter().filter(|event| is_watched(event)) {
                    registry.dispatch(event, woken);
                }
            });
            // Each for itself: one that panics neither ends the loop nor loses the others.
            woken.drain(..).for_each(exception::wake);
        }
        timer.fire_if_due();
    }
}

/// The readiness of one descriptor. `H` points to the hub, from the loop's thread or across threads.
#[derive(Debug)]
pub(crate) struct Watch<H: Deref<Target = Hub<S>>, S: Share> {
    hub: H,
    key: Key,
    descriptor: Rc<OwnedFd>,
}

impl<H: Deref<Target = Hub<S>>, S: Share> Watch<H, S> {
    pub(crate) fn new(hub: H, descriptor: Rc<OwnedFd>) -> io::Result<Self> {
        let key = hub.registry.with(Registry::insert);
        if let Err(errno) = hub.poller.add(descriptor.as_fd(), key.token()) {
            let nobody = hub.registry.with(|registry| registry.remove(key));
            debug_assert!(nobody.iter().all(Option::is_none));
            return Err(errno.into());
        }
        Ok(Self { hub, key, descriptor })
    }
}

impl<H: Deref<Target = Hub<S>>, S: Share> Readiness for Watch<H, S> {
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        limit: usize,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let registry = &self.hub.registry;
        let mut fresh = None;
        loop {
            let attempt =
                |registry: &mut Registry| registry.attempt(self.key, direction, cx.waker(), &mut fresh);
            let tick = match registry.with(attempt) {
                Attempt::Try(tick) => tick,
                Attempt::Clone => {
                    fresh = Some(cx.waker().clone());
                    continue;
                }
                Attempt::Wait(replaced) => {
                    drop(replaced);
                    return Poll::Pending;
                }
            };
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    registry.with(|registry| registry.blocked(self.key, direction, tick));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(moved) if 0 < moved && moved < limit => {
                    registry.with(|registry| registry.short(self.key, direction, tick));
                    return Poll::Ready(Ok(moved));
                }
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}

impl<H: Deref<Target = Hub<S>>, S: Share> Drop for Watch<H, S> {
    fn drop(&mut self) {
        // By name, not by the close that may follow: a duplicate of the descriptor would keep the kernel's entry alive.
        self.hub.poller.delete(self.descriptor.as_fd());
        let wakers = self.hub.registry.with(|registry| registry.remove(self.key));
        drop(wakers);
    }
}
