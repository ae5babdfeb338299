//! The line of those who wait, in order of arrival: what every primitive of this crate is built on.
//!
//! ```text
//!             join                      call_first
//!  (outside) ──────► WAITING ─────────────────────────► CALLED ──────► (outside)
//!                     │    ▲           call_first         │    leave: served, or dropped
//!                     │    └──────────────────────────────┘
//!                     └──────────────────────────────────────────────► (outside)
//!                                leave: dropped
//!
//!  the line:   CALLED  CALLED │ WAITING  WAITING  WAITING
//!              first           next                  last
//! ```
//!
//! A primitive has a number of things to give out (permits, items, free places) and calls as many of the first in line:
//! those who are called are always the head of the line. A call reserves nothing by name; it says "there is one for you,
//! come and take it". Whoever is called stays in line until it is polled, so that nobody who comes later overtakes, and so
//! that a drop needs no special case: the line moves up, and `call_first` calls the next one. If the thing called for is
//! taken by somebody who may barge, `call_first` with the smaller number takes the last call back.
//!
//! Plain data without a lock of its own: the primitive keeps it in its mutex, together with what it gives out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// No slot.
const NONE: usize = usize::MAX;

/// An empty line keeps the memory of at most this many slots.
const KEPT_SLOTS: usize = 1024;

/// A line of waiting futures. Every operation takes constant time (`call_first`: per call made or taken back).
pub(crate) struct Waiters {
    /// In no order: the line is linked through them. Empty until somebody has to wait.
    slots: Vec<Slot>,
    /// The head of the chain of vacant slots, linked by `after`.
    vacant: usize,
    first: usize,
    last: usize,
    /// The first in line that is not called.
    next: usize,
    len: usize,
    called: usize,
}

struct Slot {
    /// `None`: a wake is on its way, and the poll that follows will look.
    waker: Option<Waker>,
    called: bool,
    before: usize,
    after: usize,
}

/// A future's place in the line. There is one for each slot in use, and it goes back with [`Waiters::leave`].
#[derive(Debug)]
pub(crate) struct Place(usize);

impl Waiters {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), vacant: NONE, first: NONE, last: NONE, next: NONE, len: 0, called: 0 }
    }

    /// Nobody is in line, called or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many were called and have not come yet.
    pub(crate) fn called(&self) -> usize {
        self.called
    }

    pub(crate) fn is_called(&self, place: &Place) -> bool {
        self.slots[place.0].called
    }

    /// Joins the end of the line, or stays where it is. Gives back the waker that is not needed any more: it is foreign,
    /// so it is dropped outside the mutex.
    #[must_use]
    pub(crate) fn wait(&mut self, place: &mut Option<Place>, waker: &Waker) -> Option<Waker> {
        let Some(Place(at)) = *place else {
            *place = Some(self.join(waker.clone()));
            return None;
        };
        match &mut self.slots[at].waker {
            Some(before) if before.will_wake(waker) => None,
            before => before.replace(waker.clone()),
        }
    }

    fn join(&mut self, waker: Waker) -> Place {
        let slot = Slot { waker: Some(waker), called: false, before: self.last, after: NONE };
        let at = if self.vacant == NONE {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let at = self.vacant;
            self.vacant = self.slots[at].after;
            self.slots[at] = slot;
            at
        };
        match self.last {
            NONE => self.first = at,
            last => self.slots[last].after = at,
        }
        self.last = at;
        if self.next == NONE {
            self.next = at;
        }
        self.len += 1;
        Place(at)
    }

    /// Leaves the line. Gives back the waker, to be dropped outside the mutex.
    #[must_use]
    pub(crate) fn leave(&mut self, place: Place) -> Option<Waker> {
        let Place(at) = place;
        let Slot { before, after, called, .. } = self.slots[at];
        match before {
            NONE => self.first = after,
            before => self.slots[before].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.slots[after].before = before,
        }
        if called {
            self.called -= 1;
        } else if self.next == at {
            self.next = after;
        }
        self.len -= 1;
        let waker = self.slots[at].waker.take();
        self.slots[at].after = self.vacant;
        self.vacant = at;
        if self.len == 0 && self.slots.len() > KEPT_SLOTS {
            *self = Self::new();
        }
        waker
    }

    /// Makes the first `count` in line called, and all others waiting.
    pub(crate) fn call_first(&mut self, count: usize, wakes: &mut Wakes) {
        while self.called < count && self.next != NONE {
            let slot = &mut self.slots[self.next];
            slot.called = true;
            wakes.push(slot.waker.take());
            self.next = slot.after;
            self.called += 1;
        }
        while self.called > count {
            let back = match self.next {
                NONE => self.last,
                next => self.slots[next].before,
            };
            self.slots[back].called = false;
            self.next = back;
            self.called -= 1;
        }
    }

    /// Wakes everybody without calling: there is nothing to give out any more, and they shall see that.
    pub(crate) fn dismiss(&mut self, wakes: &mut Wakes) {
        let mut at = self.next;
        while at != NONE {
            wakes.push(self.slots[at].waker.take());
            at = self.slots[at].after;
        }
    }
}

/// Wakers taken from a line, to be woken in order once the mutex is free. The first takes no allocation.
#[derive(Default)]
#[must_use = "whoever was called sleeps until it is woken"]
pub(crate) struct Wakes {
    first: Option<Waker>,
    rest: Vec<Waker>,
}

impl Wakes {
    fn push(&mut self, waker: Option<Waker>) {
        match waker {
            Some(waker) if self.first.is_none() => self.first = Some(waker),
            waker => self.rest.extend(waker),
        }
    }

    pub(crate) fn wake_all(self) {
        for waker in self.first.into_iter().chain(self.rest) {
            wake(waker);
        }
    }
}

/// A waker's panic was reported by the panic hook. It is no fault of those who wait behind it, nor of whoever released.
fn wake(waker: Waker) {
    if cfg!(loom) {
        // Loom reports by panicking: not to be caught.
        return waker.wake();
    }
    let _reported = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
