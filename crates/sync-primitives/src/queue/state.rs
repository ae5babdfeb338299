//! What is inside a queue's mutex: the items, who waits for them, who waits for a place, who waits for all to be done.
//!
//! ```text
//!   putters          items          getters
//!   W W W C C ──►  [ x x x ]  ──►  C C C W W       C called: at most as many as there are free places (items);
//!                                                  W waiting
//! ```
//!
//! A [`Change`] restores the one rule when it ends: the first so many getters in line are called as there are items, the
//! first so many putters as there are free places. Whoever is called takes its item (its place) when
//! it is polled. Newcomers who wait take only what nobody was called for; the `_nowait` forms take anything, and then the
//! last who was called is called back: it keeps its place in line.
//!
//! After a shutdown all putters are called, and told no. The getters are called as before until the last item is gone, since
//! one who was called may be dropped, and then its item is the next one's; then all are called, and told no.

use super::order::Order;
use crate::waiters::{Place, Waiters, Wakes};
use std::ops::{Deref, DerefMut};
use std::task::Waker;

pub(crate) struct State<S> {
    pub(super) items: S,
    pub(super) getters: Waiters,
    pub(super) putters: Waiters,
    /// Those who are called were released by a moment at which nothing was unfinished.
    pub(super) joiners: Waiters,
    /// Items put and not yet marked done.
    pub(super) unfinished: usize,
    /// Set once, never cleared.
    pub(super) shut_down: bool,
}

impl<S: Order> State<S> {
    pub(super) const fn new() -> Self {
        Self {
            items: S::EMPTY,
            getters: Waiters::new(),
            putters: Waiters::new(),
            joiners: Waiters::new(),
            unfinished: 0,
            shut_down: false,
        }
    }

    /// Free places in a queue of at most `maxsize` items; zero is no bound.
    #[inline]
    pub(super) fn room(&self, maxsize: usize) -> usize {
        match maxsize {
            0 => usize::MAX,
            maxsize => maxsize - self.items.qsize(),
        }
    }

    /// Whether a newcomer may put an item, and nobody is to be called for it.
    #[inline]
    pub(super) fn puts_freely(&self, maxsize: usize) -> bool {
        !self.shut_down && self.room(maxsize) > self.putters.promised() && self.getters.nobody_waits()
    }

    /// Whether a newcomer may take an item, and nobody is to be called for its place.
    #[inline]
    pub(super) fn gets_freely(&self) -> bool {
        self.items.qsize() > self.getters.promised() && self.putters.nobody_waits()
    }

    /// Puts an item, without restoring the rule.
    #[inline]
    pub(super) fn push(&mut self, item: S::Item) {
        // Counted first: a comparison that panics leaves the item in.
        self.unfinished += 1;
        self.items.push(item);
    }

    /// Whether there is an answer for the getter in this place, or for a newcomer: an item, or that there will be none.
    #[inline]
    pub(super) fn may_get(&self, place: Option<&Place>) -> bool {
        let items = self.items.qsize();
        match place {
            Some(place) => self.getters.is_called(place),
            None => items > self.getters.promised() || (items == 0 && self.shut_down),
        }
    }

    /// Whether there is an answer for the putter in this place in line, or for a newcomer: a free place, or that there will
    /// be none.
    #[inline]
    pub(super) fn may_put(&self, place: Option<&Place>, maxsize: usize) -> bool {
        match place {
            Some(place) => self.putters.is_called(place),
            None => self.shut_down || self.room(maxsize) > self.putters.promised(),
        }
    }
}

/// A change of the state: it restores the rule when it ends, also by the panic of a comparison of items; then it lets go of
/// the mutex, and then it does what runs foreign code.
pub(super) struct Change<G: DerefMut<Target = State<S>>, S: Order> {
    // In the order in which they are dropped.
    state: G,
    unneeded: Option<Waker>,
    wakes: Wakes,
    maxsize: usize,
}

impl<G: DerefMut<Target = State<S>>, S: Order> Change<G, S> {
    #[inline]
    pub(super) fn new(state: G, maxsize: usize) -> Self {
        Self { state, unneeded: None, wakes: Wakes::default(), maxsize }
    }

    /// Leaves `line`, if it was in it.
    #[inline]
    pub(super) fn leave(
        &mut self,
        line: impl FnOnce(&mut State<S>) -> &mut Waiters,
        place: &mut Option<Place>,
    ) {
        if let Some(place) = place.take() {
            self.unneeded = line(&mut self.state).leave(place);
        }
    }

    /// `done` more items are done. `false` if there were not so many.
    pub(super) fn done(&mut self, done: usize) -> bool {
        let Some(left) = self.state.unfinished.checked_sub(done) else { return false };
        self.state.unfinished = left;
        if left == 0 {
            self.state.joiners.call_all(|_| 0, &mut self.wakes);
        }
        true
    }

    /// What is given back of the items, sorted.
    pub(super) fn shut_down(&mut self, immediate: bool) -> S {
        let mut items = S::EMPTY;
        if immediate {
            // First, since a comparison may panic.
            self.items.sort();
            std::mem::swap(&mut items, &mut self.items);
        }
        self.shut_down = true;
        // Some of them may have been marked done before anybody got them.
        self.done(items.qsize().min(self.unfinished));
        items
    }
}

impl<S: Order> State<S> {
    /// Whether the rule holds: nobody is to be called, and nobody to be called back.
    #[inline]
    fn settled(&self, maxsize: usize) -> bool {
        self.getters.settled(self.items.qsize()) && self.putters.settled(self.room(maxsize))
    }

    #[inline(never)]
    fn settle(&mut self, maxsize: usize, wakes: &mut Wakes) {
        let (items, room) = (self.items.qsize(), self.room(maxsize));
        if self.shut_down && items == 0 {
            self.getters.call_all(|_| 0, wakes);
        } else {
            self.getters.call_first(items, wakes);
        }
        if self.shut_down {
            self.putters.call_all(|_| 0, wakes);
        } else {
            self.putters.call_first(room, wakes);
        }
    }
}

impl<G: DerefMut<Target = State<S>>, S: Order> Drop for Change<G, S> {
    #[inline]
    fn drop(&mut self) {
        if !self.state.settled(self.maxsize) {
            self.state.settle(self.maxsize, &mut self.wakes);
        }
    }
}

impl<G: DerefMut<Target = State<S>>, S: Order> Deref for Change<G, S> {
    type Target = State<S>;

    #[inline]
    fn deref(&self) -> &State<S> {
        &self.state
    }
}

impl<G: DerefMut<Target = State<S>>, S: Order> DerefMut for Change<G, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State<S> {
        &mut self.state
    }
}
