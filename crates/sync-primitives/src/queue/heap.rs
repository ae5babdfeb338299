//! The lowest first; of equal ones, the first in.
//!
//! A binary heap of our own, since std's loses the item that it takes out if a comparison panics then. Here each operation
//! compares first and moves afterwards: the path from a place to the root is known from its number alone, so that the moves
//! need no comparison.

use super::order::{Order, sealed};
use std::cmp::Ordering;
use std::fmt;

/// The lowest first; of equal ones, the first in.
pub struct LowestFirst<T> {
    /// Comes before all entries, or is not there: what is put and is the lowest costs no walk through the heap, neither now
    /// nor when it is taken.
    lowest: Option<Entry<T>>,
    /// None comes before its parent.
    entries: Vec<Entry<T>>,
    /// Items ever put: the tie-break between equal ones. Only grows, so no two entries compare equal.
    arrivals: u64,
}

struct Entry<T> {
    item: T,
    arrival: u64,
}

impl<T: Ord> Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.item.cmp(&other.item).then(self.arrival.cmp(&other.arrival))
    }

    /// Without a branch, for items that compare without one: which of two it is nobody can foresee.
    #[inline]
    fn is_before(&self, other: &Self) -> bool {
        let order = self.item.cmp(&other.item);
        order.is_lt() | (order.is_eq() & (self.arrival < other.arrival))
    }
}

const fn parent(of: usize) -> usize {
    (of - 1) / 2
}

impl<T: Ord> LowestFirst<T> {
    /// Where the last entry belongs once the first is gone: the lower child moves up, all the way down, until one is lower
    /// than the last.
    fn place_of_last(&self) -> usize {
        let (last, others) = self.entries.split_last().expect("it is not empty");
        let mut at = 0;
        // Down to the bottom first, and then up: the last entry comes from the bottom and seldom belongs much higher.
        while let Some([left, right]) = others.get(2 * at + 1..2 * at + 3) {
            at = 2 * at + 1 + usize::from(right.is_before(left));
        }
        if 2 * at + 1 < others.len() {
            at = 2 * at + 1;
        }
        while at > 0 && last.is_before(&others[at]) {
            at = parent(at);
        }
        at
    }

    /// Where the last entry, which is new, belongs.
    fn place_of_new(&self) -> usize {
        let (new, others) = self.entries.split_last().expect("it is in");
        let mut at = others.len();
        while at > 0 && new.is_before(&others[parent(at)]) {
            at = parent(at);
        }
        at
    }

    /// Moves the last entry to a place on its way to the root, and those on the way down by one.
    fn move_last_up_to(&mut self, place: usize) {
        let mut at = self.entries.len() - 1;
        while at > place {
            self.entries.swap(at, parent(at));
            at = parent(at);
        }
    }

    fn pop_first(&mut self) -> Option<Entry<T>> {
        if self.entries.len() < 2 {
            return self.entries.pop();
        }
        let mut at = self.place_of_last();
        let mut moving = self.entries.pop()?;
        // Up along the path: each takes the place of its parent, and the first is left over.
        while at > 0 {
            std::mem::swap(&mut moving, &mut self.entries[at]);
            at = parent(at);
        }
        Some(std::mem::replace(&mut self.entries[0], moving))
    }
}

impl<T: Ord> sealed::Sealed for LowestFirst<T> {}

impl<T: Ord> Order for LowestFirst<T> {
    type Item = T;

    const EMPTY: Self = Self { lowest: None, entries: Vec::new(), arrivals: 0 };

    fn push(&mut self, item: T) {
        // In from here on, also if a comparison panics.
        self.entries.push(Entry { item, arrival: self.arrivals });
        self.arrivals += 1;
        let Some((new, others)) = self.entries.split_last() else { return };
        if self.lowest.as_ref().or(others.first()).is_none_or(|first| new.is_before(first)) {
            if let Some(before) = std::mem::replace(&mut self.lowest, self.entries.pop()) {
                self.entries.push(before);
                self.move_last_up_to(0);
            }
        } else {
            self.move_last_up_to(self.place_of_new());
        }
    }

    fn pop(&mut self) -> Option<T> {
        let entry = self.lowest.take().or_else(|| self.pop_first());
        entry.map(|entry| entry.item)
    }

    fn qsize(&self) -> usize {
        self.entries.len() + usize::from(self.lowest.is_some())
    }

    fn sort(&mut self) {
        // What is sorted is a heap. Unstable is enough, since no two are equal; a comparison that panics loses none.
        self.entries.sort_unstable_by(Entry::cmp);
    }

    fn into_sorted(self) -> Vec<T> {
        self.lowest.into_iter().chain(self.entries).map(|entry| entry.item).collect()
    }
}

impl<T> fmt::Debug for LowestFirst<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LowestFirst({})", self.entries.len() + usize::from(self.lowest.is_some()))
    }
}
