//! In which order a queue gives its items out: all in which the three queues differ.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;

/// The items of a queue, in the order in which they come out. Only this crate implements it.
///
/// Each of its methods may panic, if comparing items does, and leaves as many items in as [`qsize`](Self::qsize) says.
pub trait Order: Sized + sealed::Sealed {
    /// What the queue holds.
    type Item;

    #[doc(hidden)]
    const EMPTY: Self;

    #[doc(hidden)]
    fn push(&mut self, item: Self::Item);

    #[doc(hidden)]
    fn pop(&mut self) -> Option<Self::Item>;

    #[doc(hidden)]
    fn qsize(&self) -> usize;

    /// The items as they would have come out.
    #[doc(hidden)]
    fn into_items(self) -> Vec<Self::Item>;
}

mod sealed {
    pub trait Sealed {}
}

/// First in, first out.
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
pub struct Lifo<T>(Vec<T>);

/// The lowest first; of equal ones, the first in.
pub struct LowestFirst<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    /// Items ever put: the tie-break between equal ones, which a bare heap would give out in any order. Only grows, so no
    /// two entries compare equal.
    arrivals: u64,
}

struct Entry<T> {
    item: T,
    arrival: u64,
}

impl<T> sealed::Sealed for Fifo<T> {}

impl<T> Order for Fifo<T> {
    type Item = T;

    const EMPTY: Self = Self(VecDeque::new());

    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn qsize(&self) -> usize {
        self.0.len()
    }

    fn into_items(self) -> Vec<T> {
        self.0.into()
    }
}

impl<T> sealed::Sealed for Lifo<T> {}

impl<T> Order for Lifo<T> {
    type Item = T;

    const EMPTY: Self = Self(Vec::new());

    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn qsize(&self) -> usize {
        self.0.len()
    }

    fn into_items(mut self) -> Vec<T> {
        self.0.reverse();
        self.0
    }
}

impl<T: Ord> sealed::Sealed for LowestFirst<T> {}

impl<T: Ord> Order for LowestFirst<T> {
    type Item = T;

    const EMPTY: Self = Self { heap: BinaryHeap::new(), arrivals: 0 };

    fn push(&mut self, item: T) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.heap.push(Reverse(Entry { item, arrival }));
    }

    fn pop(&mut self) -> Option<T> {
        self.heap.pop().map(|Reverse(entry)| entry.item)
    }

    fn qsize(&self) -> usize {
        self.heap.len()
    }

    fn into_items(self) -> Vec<T> {
        let highest_first = self.heap.into_sorted_vec();
        highest_first.into_iter().rev().map(|Reverse(entry)| entry.item).collect()
    }
}

impl<T: Ord> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.item.cmp(&other.item).then(self.arrival.cmp(&other.arrival))
    }
}

impl<T: Ord> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Entry<T> {}

impl<T> fmt::Debug for Fifo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fifo({})", self.0.len())
    }
}

impl<T> fmt::Debug for Lifo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lifo({})", self.0.len())
    }
}

impl<T> fmt::Debug for LowestFirst<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LowestFirst({})", self.heap.len())
    }
}
