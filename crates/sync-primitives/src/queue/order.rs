//! In which order a queue gives its items out: all in which the three queues differ.

use std::collections::VecDeque;
use std::fmt;

/// The items of a queue, in the order in which they come out. Only this crate implements it.
///
/// `push`, `pop` and `sort` panic if comparing items does: then `push` has put its item in all the same, and `pop` has taken
/// none out.
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

    /// Puts the items into the order in which they come out, as far as that is still to be done.
    #[doc(hidden)]
    fn sort(&mut self) {}

    /// The items as they would have come out. Never panics: they were sorted before.
    #[doc(hidden)]
    fn into_sorted(self) -> Vec<Self::Item>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// First in, first out.
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
pub struct Lifo<T>(Vec<T>);

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

    fn into_sorted(self) -> Vec<T> {
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

    fn into_sorted(mut self) -> Vec<T> {
        self.0.reverse();
        self.0
    }
}

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
