//! The clock: it stands still while anything is ready, and jumps.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// After so many looks at the clock without a rest the loop counts as spinning: something waits for time to pass and never
/// sleeps. A burst of work that ends takes fewer: a turn looks twice at most.
const SPINNING: u32 = 100_000;

/// While the loop spins, so many looks take [`CREEP`].
const LOOKS_PER_CREEP: u32 = 1_000;

/// How much time passes at once while the loop spins. As much as lets the loop visit its host.
const CREEP: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(crate) struct Clock {
    now: Cell<Instant>,
    /// The looks since the loop last rested.
    looks: Cell<u32>,
}

impl Clock {
    /// Begins at the real time, so that times of the program's own making are not far off.
    pub(crate) fn new() -> Self {
        Self { now: Cell::new(Instant::now()), looks: Cell::new(0) }
    }

    /// The time, without a look that counts.
    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    /// The time, for a loop that has something to do. `may_pass` is asked of a loop that spins.
    pub(crate) fn look(&self, may_pass: impl FnOnce() -> bool) -> Instant {
        let looks = self.looks.get() + 1;
        self.looks.set(looks);
        if looks >= SPINNING + LOOKS_PER_CREEP {
            self.looks.set(SPINNING);
            if may_pass() {
                self.now.set(self.now.get() + CREEP);
            }
        }
        self.now.get()
    }

    /// Nothing is ready.
    pub(crate) fn rest(&self) {
        self.looks.set(0);
    }

    /// Never backwards.
    pub(crate) fn jump_to(&self, time: Instant) {
        self.now.set(self.now.get().max(time));
    }
}

#[cfg(test)]
mod tests {
    use super::{CREEP, Clock, LOOKS_PER_CREEP, SPINNING};

    #[test]
    fn time_stands_still_for_a_loop_that_works_and_creeps_for_one_that_spins() {
        let clock = Clock::new();
        let begin = clock.now();
        let looks = |count: u32| (0..count).map(|_| clock.look(|| true)).last();
        assert_eq!(looks(SPINNING), Some(begin));
        assert_eq!(looks(LOOKS_PER_CREEP), Some(begin + CREEP));
        assert_eq!(looks(LOOKS_PER_CREEP), Some(begin + 2 * CREEP));
        clock.rest();
        assert_eq!(looks(SPINNING), Some(begin + 2 * CREEP));
        let held = (0..10 * LOOKS_PER_CREEP).map(|_| clock.look(|| false)).last();
        assert_eq!(held, Some(begin + 2 * CREEP), "it may not pass");
    }

    #[test]
    fn it_never_runs_backwards() {
        let clock = Clock::new();
        let begin = clock.now();
        clock.jump_to(begin + CREEP);
        clock.jump_to(begin);
        assert_eq!(clock.now(), begin + CREEP);
    }
}
