//! What one driver's loop lives in: its clock, its chance, and what is on its way.

use crate::clock::Clock;
use crate::events::Events;
use crate::random::Random;
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) events: Events,
    /// Also without a seed: then it is always the same.
    pub(crate) random: Random,
}

impl World {
    pub(crate) fn new(seed: u64) -> Rc<Self> {
        Rc::new(Self { clock: Clock::new(), events: Events::default(), random: Random::new(seed) })
    }

    /// Lets `event` happen after `delay`.
    pub(crate) fn send_after(&self, delay: Duration, event: impl FnOnce() + 'static) {
        // A delay too long to count never ends.
        if let Some(when) = self.clock.now().checked_add(delay) {
            self.send(when, event);
        }
    }

    pub(crate) fn send(&self, when: Instant, event: impl FnOnce() + 'static) {
        self.events.send(when, event);
    }

    /// Ends when something that is sent now would arrive.
    pub(crate) async fn travel(&self, delay: Duration) {
        let arrival = Rc::new((Cell::new(false), Cell::new(None::<Waker>)));
        let arriving = arrival.clone();
        self.send_after(delay, move || {
            arriving.0.set(true);
            if let Some(waker) = arriving.1.take() {
                waker.wake();
            }
        });
        poll_fn(|cx| {
            if arrival.0.get() {
                return Poll::Ready(());
            }
            arrival.1.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
