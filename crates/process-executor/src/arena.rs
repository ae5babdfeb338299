//! The segments of a pool that are free to be filled again.
//!
//! Memory that was never touched costs fifteen times what memory costs that was: so a segment is kept, mapped here and in
//! every worker that has seen it, and filled again.
//!
//! ```text
//!   make ──► a BlobMut ──freeze──► Blobs, here and lent to workers ──the last is gone──► free ──► a BlobMut …
//!                                                                                         └─ too much is kept ──► unmapped
//! ```

use crate::segment::Segment;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The smallest segment.
const SMALLEST: usize = 1 << 20;

#[derive(Debug)]
pub(crate) struct Arena {
    free: Mutex<Free>,
    /// So many bytes are kept free, at most.
    keep: usize,
    /// Whether memory is shared at all; if not, blobs are copied.
    shares: bool,
}

#[derive(Debug, Default)]
struct Free {
    /// The one that was used last, whose pages are warm, is the last.
    segments: Vec<Segment>,
    bytes: usize,
}

impl Arena {
    /// Tries whether the system lets memory be shared and sealed.
    pub(crate) fn new(keep: usize, wanted: bool) -> Self {
        let shares = wanted && NonZeroUsize::new(4096).is_some_and(|size| Segment::recycled(size).is_ok());
        Self { free: Mutex::default(), keep, shares }
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        // Nothing of others runs under it.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shares(&self) -> bool {
        self.shares
    }

    /// A segment of at least `len` bytes, with anything in it.
    pub(crate) fn take(&self, len: usize) -> io::Result<Segment> {
        let mut free = self.free();
        let fits = |segment: &Segment| segment.size.get() >= len;
        let smallest = free.segments.iter().enumerate().rev().filter(|(_, segment)| fits(segment));
        let found = smallest.min_by_key(|(_, segment)| segment.size).map(|(at, _)| at);
        if let Some(at) = found {
            let segment = free.segments.remove(at);
            free.bytes -= segment.size.get();
            return Ok(segment);
        }
        drop(free);
        // Sizes are few, so that a segment fits the next one of about its size. What is not touched takes no memory.
        let size = len.max(SMALLEST).checked_next_power_of_two().unwrap_or(len);
        let size = NonZeroUsize::new(size).expect("it is the smallest at least");
        Segment::recycled(size)
    }

    /// Everybody is done with it.
    pub(crate) fn give_back(&self, segment: Segment) {
        let mut too_many = Vec::new();
        let mut free = self.free();
        free.bytes += segment.size.get();
        free.segments.push(segment);
        while free.bytes > self.keep {
            let oldest = free.segments.remove(0);
            free.bytes -= oldest.size.get();
            too_many.push(oldest);
        }
        drop(free);
        // Unmapped outside the lock: that takes its time.
        drop(too_many);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_used_again_by_whoever_it_fits_and_the_oldest_goes_first() {
        let arena = Arena::new(3 * SMALLEST, true);
        assert!(arena.shares());
        let first = arena.take(10).expect("a segment");
        let (number, large) = (first.number, arena.take(2 * SMALLEST - 5).expect("a segment"));
        assert_eq!((first.size.get(), large.size.get()), (SMALLEST, 2 * SMALLEST));
        arena.give_back(first);
        arena.give_back(large);
        let again = arena.take(SMALLEST).expect("a segment");
        assert_eq!(again.number, number, "the smallest that fits");
        let fresh = arena.take(3 * SMALLEST).expect("a segment");
        assert_eq!(fresh.size.get(), 4 * SMALLEST);
        arena.give_back(fresh);
        assert_eq!(arena.free().bytes, 0, "more than is kept, and what was older went with it");
    }
}
