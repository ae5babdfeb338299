//! The lowest first; of equal ones, the first in.
//!
//! A binary heap of our own, since std's loses the item that it takes out if a comparison panics then. Here entries only
//! change places until the last comparison is done, and then one is taken from the end.

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

    #[inline]
    fn is_before(&self, other: &Self) -> bool {
        match self.item.cmp(&other.item) {
            Ordering::Equal => self.came_before(other),
            order => order.is_lt(),
        }
    }

    /// Out of line, so that the comparison of items that differ, of which nobody can foresee the outcome, needs no branch.
    #[cold]
    #[inline(never)]
    fn came_before(&self, other: &Self) -> bool {
        self.arrival < other.arrival
    }
}

const fn parent(of: usize) -> usize {
    (of - 1) / 2
}

impl<T: Ord> LowestFirst<T> {
    /// Moves an entry up until its parent comes before it.
    fn sift_up(&mut self, mut at: usize) {
        let entries = self.entries.as_mut_slice();
        while at > 0 && entries[at].is_before(&entries[parent(at)]) {
            entries.swap(at, parent(at));
            at = parent(at);
        }
    }

    fn pop_first(&mut self) -> Option<Entry<T>> {
        let entries = self.entries.as_mut_slice();
        let (mut at, mut child) = (0, 1);
        // All the way down, always past the lower child: the last entry, which takes its place there, comes from the bottom
        // and seldom belongs much higher.
        while child + 1 < entries.len() {
            child += usize::from(entries[child + 1].is_before(&entries[child]));
            entries.swap(at, child);
            (at, child) = (child, 2 * child + 1);
        }
        if child < entries.len() {
            entries.swap(at, child);
            at = child;
        }
        if at + 1 < entries.len() {
            let last = entries.len() - 1;
            entries.swap(at, last);
            self.sift_up(at);
        }
        self.entries.pop()
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
                // It comes before all: up without a comparison.
                self.entries.push(before);
                let mut at = self.entries.len() - 1;
                while at > 0 {
                    self.entries.swap(at, parent(at));
                    at = parent(at);
                }
            }
        } else {
            self.sift_up(self.entries.len() - 1);
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
