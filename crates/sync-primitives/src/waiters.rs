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
//! A primitive has a number of things to give out (permits, items, free places, notifications) and calls as many of the
//! first in line as that is enough for: those who are called are always the head of the line. A call reserves nothing by
//! name; it says "there is one for you, come and take it". Whoever is called stays in line until it is polled, so that
//! nobody who comes later overtakes, and so that a drop needs no special case: the line moves up, and `call_first` calls
//! the next one. If the thing called for is taken by somebody who may barge, `call_first` with the smaller number takes the
//! last call back.
//!
//! A call for everybody (`call_all`) can tell each of them something: a barrier its index, or that the barrier is broken. If
//! there is nothing to be told and nothing to be taken, all can be sent away at once (`send_away`).
//!
//! Plain data without a lock of its own: the primitive keeps it in its mutex, together with what it gives out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// No slot.
const NONE: u32 = u32::MAX;

/// Not called.
const NOTHING: u32 = u32::MAX;

/// An empty line keeps the memory of at most this many slots.
const KEPT_SLOTS: usize = 1024;

/// A line of waiting futures. Every operation takes constant time (`call_first` and `call_all`: per call made or taken back).
pub(crate) struct Waiters {
    /// In no order: the line is linked through them. Empty until somebody has to wait.
    slots: Vec<Slot>,
    /// The head of the chain of vacant slots, linked by `after`.
    vacant: u32,
    first: u32,
    last: u32,
    /// The first in line that is not called.
    next: u32,
    len: usize,
    /// How many things those want, taken together, who are called.
    promised: usize,
}

struct Slot {
    /// `None`: a wake is on its way, and the poll that follows will look.
    waker: Option<Waker>,
    /// How many things are enough.
    wants: u32,
    /// What it was told when it was called, or [`NOTHING`].
    told: u32,
    before: u32,
    after: u32,
}

/// A future's place in the line. There is one for each slot in use, and it goes back with [`Waiters::leave`].
#[derive(Debug)]
pub(crate) struct Place(u32);

impl Waiters {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), vacant: NONE, first: NONE, last: NONE, next: NONE, len: 0, promised: 0 }
    }

    /// Nobody is in line, called or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Everybody who is in line is called.
    #[inline]
    pub(crate) fn nobody_waits(&self) -> bool {
        self.next == NONE
    }

    /// How many things those want, taken together, who were called and have not come yet.
    #[inline]
    pub(crate) fn promised(&self) -> usize {
        self.promised
    }

    pub(crate) fn is_called(&self, place: &Place) -> bool {
        self.told(place).is_some()
    }

    /// What whoever is in this place was told, if it is called.
    pub(crate) fn told(&self, place: &Place) -> Option<u32> {
        let told = self.slot(place.0).told;
        (told != NOTHING).then_some(told)
    }

    /// Joins the end of the line, or stays where it is. Gives back the waker that is not needed any more: it is foreign,
    /// so it is dropped outside the mutex.
    #[must_use]
    pub(crate) fn wait(&mut self, place: &mut Option<Place>, waker: &Waker) -> Option<Waker> {
        self.wait_for(1, place, waker)
    }

    /// [`wait`](Self::wait) for so many things, which are to be given at once.
    #[must_use]
    pub(crate) fn wait_for(&mut self, wants: u32, place: &mut Option<Place>, waker: &Waker) -> Option<Waker> {
        match place {
            Some(place) => self.wait_on(place, waker),
            None => {
                *place = Some(self.join(wants, waker.clone()));
                None
            }
        }
    }

    /// Stays in line, and is woken through this waker from now on.
    #[must_use]
    pub(crate) fn wait_on(&mut self, place: &Place, waker: &Waker) -> Option<Waker> {
        match &mut self.slot_mut(place.0).waker {
            Some(before) if before.will_wake(waker) => None,
            before => before.replace(waker.clone()),
        }
    }

    /// Joins the end of the line.
    pub(crate) fn join(&mut self, wants: u32, waker: Waker) -> Place {
        let slot = Slot { waker: Some(waker), wants, told: NOTHING, before: self.last, after: NONE };
        let at = if self.vacant == NONE {
            let at = u32::try_from(self.slots.len()).ok().filter(|at| *at != NONE);
            let at = at.expect("at most u32::MAX - 1 futures can wait for one primitive");
            self.slots.push(slot);
            at
        } else {
            let at = self.vacant;
            self.vacant = self.slot(at).after;
            *self.slot_mut(at) = slot;
            at
        };
        match self.last {
            NONE => self.first = at,
            last => self.slot_mut(last).after = at,
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
        let Slot { before, after, told, wants, .. } = *self.slot(at);
        match before {
            NONE => self.first = after,
            before => self.slot_mut(before).after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.slot_mut(after).before = before,
        }
        if told != NOTHING {
            self.promised -= wants as usize;
        } else if self.next == at {
            self.next = after;
        }
        self.len -= 1;
        let waker = self.slot_mut(at).waker.take();
        self.slot_mut(at).after = self.vacant;
        self.vacant = at;
        if self.len == 0 && self.slots.len() > KEPT_SLOTS {
            *self = Self::new();
        }
        waker
    }

    /// Whether `call_first` of so many things would do nothing, in most cases in which it would not: for those who are in a
    /// hurry.
    #[inline]
    pub(crate) fn settled(&self, things: usize) -> bool {
        self.nobody_waits() && self.promised <= things
    }

    /// Makes as many of the first in line called as `things` are enough for, and all others waiting.
    pub(crate) fn call_first(&mut self, things: usize, wakes: &mut Wakes) {
        while self.next != NONE && self.slot(self.next).wants as usize <= things.saturating_sub(self.promised)
        {
            self.call_next(0, wakes);
        }
        while self.promised > things {
            let back = match self.next {
                NONE => self.last,
                next => self.slot(next).before,
            };
            let slot = self.slot_mut(back);
            slot.told = NOTHING;
            let wants = slot.wants;
            self.next = back;
            self.promised -= wants as usize;
        }
    }

    /// Calls everybody. Whoever is the `n`th of those that were not called before is told `tell(n)`.
    pub(crate) fn call_all(&mut self, tell: impl Fn(u32) -> u32, wakes: &mut Wakes) {
        let mut count = 0;
        while self.next != NONE {
            self.call_next(tell(count), wakes);
            count += 1;
        }
    }

    fn call_next(&mut self, tell: u32, wakes: &mut Wakes) {
        debug_assert_ne!(tell, NOTHING, "whoever is called is told something");
        let slot = self.slot_mut(self.next);
        slot.told = tell;
        wakes.push(slot.waker.take());
        let (wants, after) = (slot.wants, slot.after);
        self.next = after;
        self.promised += wants as usize;
    }

    /// Sends everybody away: their places are no more, and they must not come back with them. What is left is an empty line.
    pub(crate) fn send_away(&mut self, wakes: &mut Wakes) {
        if self.len == 1 {
            // Its memory serves the next.
            let waker = self.slot_mut(self.first).waker.take();
            wakes.push(waker);
            let slots = std::mem::take(&mut self.slots);
            *self = Self { slots, ..Self::new() };
            self.slots.clear();
        } else {
            let gone = std::mem::replace(self, Self::new());
            wakes.rest = Rest::Line { slots: gone.slots, first: gone.first };
        }
    }

    /// Wakes everybody without calling: there is nothing to give out any more, and they shall see that.
    pub(crate) fn dismiss(&mut self, wakes: &mut Wakes) {
        let mut at = self.next;
        while at != NONE {
            let slot = self.slot_mut(at);
            wakes.push(slot.waker.take());
            at = slot.after;
        }
    }

    fn slot(&self, at: u32) -> &Slot {
        &self.slots[at as usize]
    }

    fn slot_mut(&mut self, at: u32) -> &mut Slot {
        &mut self.slots[at as usize]
    }
}

/// Wakers taken from a line, which are woken in order when it is dropped: so it must outlive the hold on the mutex. The
/// first takes no allocation.
#[derive(Default)]
pub(crate) struct Wakes {
    first: Option<Waker>,
    rest: Rest,
}

#[derive(Default)]
enum Rest {
    #[default]
    Nobody,
    Some(Vec<Waker>),
    /// All who were in a line, with the memory of it: it goes with them.
    Line {
        slots: Vec<Slot>,
        first: u32,
    },
}

impl Wakes {
    fn push(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        match &mut self.rest {
            _ if self.first.is_none() => self.first = Some(waker),
            Rest::Some(rest) => rest.push(waker),
            rest => *rest = Rest::Some(vec![waker]),
        }
    }

    /// For readers: here is where foreign code runs.
    #[inline]
    pub(crate) fn wake_all(self) {}

    #[inline(never)]
    fn wake_in_order(&mut self) {
        self.first.take().into_iter().for_each(wake);
        match std::mem::take(&mut self.rest) {
            Rest::Nobody => {}
            Rest::Some(rest) => rest.into_iter().for_each(wake),
            Rest::Line { mut slots, mut first } => {
                while let Some(slot) = slots.get_mut(first as usize) {
                    slot.waker.take().into_iter().for_each(wake);
                    first = slot.after;
                }
            }
        }
    }
}

impl Drop for Wakes {
    #[inline]
    fn drop(&mut self) {
        if self.first.is_some() || !matches!(self.rest, Rest::Nobody) {
            self.wake_in_order();
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
