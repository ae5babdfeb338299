//! What is inside a queue's mutex: the items, who waits for them, who waits for a place, who waits for all to be done.
//!
//! ```text
//!   putters          items          getters
//!   W W W C C ──►  [ x x x ]  ──►  C C C W W       C called: at most as many as there are free places (items);
//!                                                  W waiting
//! ```
//!
//! [`settle`](State::settle) restores the one rule after every change: the first so many getters in line are called as
//! there are items, the first so many putters as there are free places. Whoever is called takes its item (its place) when
//! it is polled. Newcomers who wait take only what nobody was called for; the `_nowait` forms take anything, and then the
//! last who was called is called back: it keeps its place in line.

use crate::waiters::{Place, Waiters, Wakes};
use std::collections::VecDeque;
use std::task::Waker;

pub(super) struct State<T> {
    pub(super) items: VecDeque<T>,
    pub(super) getters: Waiters,
    pub(super) putters: Waiters,
    /// Those who are called were released by a moment at which nothing was unfinished.
    pub(super) joiners: Waiters,
    /// Items put and not yet marked done.
    pub(super) unfinished: usize,
    /// Set once, never cleared.
    pub(super) shut_down: bool,
}

impl<T> State<T> {
    pub(super) const fn new() -> Self {
        Self {
            items: VecDeque::new(),
            getters: Waiters::new(),
            putters: Waiters::new(),
            joiners: Waiters::new(),
            unfinished: 0,
            shut_down: false,
        }
    }

    /// Free places in a queue of at most `maxsize` items; zero is no bound.
    pub(super) fn room(&self, maxsize: usize) -> usize {
        match maxsize {
            0 => usize::MAX,
            maxsize => maxsize - self.items.len(),
        }
    }

    /// Whether there is an item for the getter in this place, or for a newcomer.
    pub(super) fn may_get(&self, place: Option<&Place>) -> bool {
        match place {
            Some(place) => self.getters.is_called(place),
            None => self.items.len() > self.getters.called(),
        }
    }

    /// Whether there is a free place for the putter in this place in line, or for a newcomer.
    pub(super) fn may_put(&self, place: Option<&Place>, maxsize: usize) -> bool {
        match place {
            Some(place) => self.putters.is_called(place),
            None => self.room(maxsize) > self.putters.called(),
        }
    }

    pub(super) fn push(&mut self, item: T) {
        self.items.push_back(item);
        self.unfinished += 1;
    }

    /// Restores the rule; to be called after every change.
    pub(super) fn settle(&mut self, maxsize: usize, wakes: &mut Wakes) {
        self.getters.call_first(self.items.len(), wakes);
        self.putters.call_first(self.room(maxsize), wakes);
    }

    /// `done` more items are done. `false` if there were not so many.
    pub(super) fn done(&mut self, done: usize, wakes: &mut Wakes) -> bool {
        let Some(left) = self.unfinished.checked_sub(done) else { return false };
        self.unfinished = left;
        if left == 0 {
            self.joiners.call_first(usize::MAX, wakes);
        }
        true
    }

    pub(super) fn shut_down(&mut self, immediate: bool, wakes: &mut Wakes) -> Vec<T> {
        self.shut_down = true;
        let items = if immediate { std::mem::take(&mut self.items) } else { VecDeque::new() };
        // Some of them may have been marked done before anybody got them.
        self.done(items.len().min(self.unfinished), wakes);
        // Those who were called for an item that is gone are woken already, and will see that it is.
        self.getters.call_first(self.items.len(), wakes);
        self.getters.dismiss(wakes);
        self.putters.dismiss(wakes);
        items.into()
    }
}

/// Leaves `line`, if it was in it. Gives back the waker, to be dropped outside the mutex.
pub(super) fn leave(line: &mut Waiters, place: &mut Option<Place>) -> Option<Waker> {
    place.take().and_then(|place| line.leave(place))
}
