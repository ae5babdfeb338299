//! Who serves the lanes: numbers of threads, in one atomic word.
//!
//! ```text
//!  bit   63    48 ─ 62   32 ─ 47   16 ─ 31   0 ─ 15
//!      closed   limit    threads   parked    coming
//! ```
//!
//! Submitters only read it, so that in a busy pool its line is shared by all and moves to nobody. It is written when a
//! thread becomes idle or is called: under the lock of the crew, but for `come` and `busy`, which a thread does for itself.

use crate::sync::{AtomicU64, Ordering};
use crossbeam_utils::CachePadded;

pub(crate) struct Word(CachePadded<AtomicU64>);

/// The word as it was at one instant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now(u64);

const COMING: u64 = 1;
const PARKED: u64 = 1 << 16;
const THREADS: u64 = 1 << 32;
const LIMIT: u64 = 1 << 48;
const CLOSED: u64 = 1 << 63;

/// The highest limit: more threads are never hired.
pub(crate) const THREADS_MAX: usize = 0x7FFF;

impl Now {
    /// Threads that look at the lanes next, without being called.
    pub(crate) fn coming(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    /// Threads that sleep until they are called.
    pub(crate) fn parked(self) -> usize {
        (self.0 >> 16 & 0xFFFF) as usize
    }

    /// Threads that were hired and have not left.
    pub(crate) fn threads(self) -> usize {
        (self.0 >> 32 & 0xFFFF) as usize
    }

    /// How many threads there may be: more while others serve nobody.
    pub(crate) fn limit(self) -> usize {
        (self.0 >> 48 & 0x7FFF) as usize
    }

    pub(crate) fn closed(self) -> bool {
        self.0 & CLOSED != 0
    }
}

impl Word {
    pub(crate) fn new(limit: usize) -> Self {
        Self(CachePadded::new(AtomicU64::new(limit.min(THREADS_MAX) as u64 * LIMIT)))
    }

    pub(crate) fn load(&self) -> Now {
        // SeqCst, here and below: whoever writes the word or a lane looks at the other next, and one of two must see what
        // the other wrote.
        Now(self.0.load(Ordering::SeqCst))
    }

    /// A thread was hired; `coming` unless it has to do something else first.
    pub(crate) fn hired(&self, coming: bool) {
        self.add(THREADS + u64::from(coming) * COMING);
    }

    /// A thread looks at the lanes next.
    pub(crate) fn come(&self) {
        self.add(COMING);
    }

    /// A thread that was coming has something to do.
    pub(crate) fn busy(&self) {
        self.sub(COMING);
    }

    /// A thread sleeps from now on; it was `coming` or not.
    pub(crate) fn park(&self, coming: bool) {
        if coming {
            // One step: nobody may see it neither coming nor parked.
            self.add(PARKED - COMING);
        } else {
            self.add(PARKED);
        }
    }

    /// A parked thread comes: it was called, or woke by itself.
    pub(crate) fn unpark(&self) {
        self.sub(PARKED - COMING);
    }

    /// A thread leaves; it was `coming` or not.
    pub(crate) fn leave(&self, coming: bool) {
        self.sub(THREADS + u64::from(coming) * COMING);
    }

    /// It stays after all, and looks at the lanes next.
    pub(crate) fn stay(&self) {
        self.add(THREADS + COMING);
    }

    /// Only under the lock of the crew: nobody else changes the limit meanwhile.
    pub(crate) fn set_limit(&self, limit: usize) {
        let (before, limit) = (self.load().limit(), limit.min(THREADS_MAX));
        if limit > before {
            self.add((limit - before) as u64 * LIMIT);
        } else if limit < before {
            self.sub((before - limit) as u64 * LIMIT);
        }
    }

    pub(crate) fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::SeqCst);
    }

    fn add(&self, what: u64) {
        self.0.fetch_add(what, Ordering::SeqCst);
    }

    fn sub(&self, what: u64) {
        let before = Now(self.0.fetch_sub(what, Ordering::SeqCst));
        debug_assert!(before.threads() >= before.parked() + before.coming(), "a thread is counted twice");
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{THREADS_MAX, Word};

    #[test]
    fn each_number_has_its_own_bits() {
        let word = Word::new(3);
        word.hired(true);
        word.hired(false);
        word.park(false);
        word.set_limit(usize::MAX);
        word.close();
        let now = word.load();
        assert_eq!((now.threads(), now.parked(), now.coming(), now.limit()), (2, 1, 1, THREADS_MAX));
        assert!(now.closed());
        word.unpark();
        word.busy();
        word.park(true);
        word.leave(false);
        word.set_limit(5);
        let now = word.load();
        assert_eq!((now.threads(), now.parked(), now.coming(), now.limit()), (1, 1, 0, 5));
        assert!(now.closed());
    }
}
