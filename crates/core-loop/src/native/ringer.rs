//! On which processor the bell was rung last: whether waiting awake would hold up whoever rings it.

use nix::sched::sched_getcpu;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub(crate) struct Ringer(AtomicUsize);

/// The kernel does not say. Then two of them count as one.
const UNKNOWN: usize = usize::MAX;

impl Ringer {
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(UNKNOWN))
    }

    /// This thread is about to ring.
    pub(crate) fn note(&self) {
        // Relaxed: a hint, and the ring that follows orders it by way of the kernel.
        self.0.store(processor(), Ordering::Relaxed);
    }

    /// Whether the last ring came from another processor than the one that this thread runs on.
    ///
    /// What the scheduler has done is asked, and not what it may do: a thread that is kept to one processor is rung from
    /// others all the same, as each loop of a [`LoopPool`](crate::LoopPool) is, and one that may run on all of them may still
    /// share its own with whoever rings.
    pub(crate) fn is_elsewhere(&self) -> bool {
        // Relaxed: see `note`.
        self.0.load(Ordering::Relaxed) != processor()
    }
}

fn processor() -> usize {
    sched_getcpu().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::{Ringer, UNKNOWN, processor};
    use std::sync::atomic::Ordering;

    #[test]
    fn a_ring_from_another_processor_is_told_from_one_from_here() {
        let ringer = Ringer::new();
        // The test may be moved between two lines: not each time.
        let here = || {
            ringer.note();
            !ringer.is_elsewhere()
        };
        assert!((0..1000).any(|_| here()));
        ringer.0.store(processor().wrapping_add(1_000_000), Ordering::Relaxed);
        assert_ne!(processor(), UNKNOWN);
        assert!(ringer.is_elsewhere());
    }
}
