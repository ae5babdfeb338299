//! Waiting awake for a moment, where the next wake is near: what threads of executors and of loops do before they sleep.
//!
//! To wake a thread that sleeps on another processor costs the waker and the woken some microseconds each, under a
//! hypervisor tens. A thread that will be woken sooner than that had better not sleep. Whether it will is guessed from the
//! waits before ([`Pace`]), so that somebody who is seldom woken burns nothing; and it is pointless where there is one
//! processor only, since whoever should do the waking needs it ([`pays_here`]).

use std::hint;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// The longest wait awake, and the longest wait that counts as short.
///
/// What two wakes between processors cost where they are dear: longer, and a sleep would have been cheaper even if the
/// wake had come in the end.
pub const SPIN_MAX: Duration = Duration::from_micros(50);

/// Whether to wait awake, learned from the waits before.
///
/// ```text
///            enough short sleeps in a row
///   SLEEPS ───────────────────────────────► SPINS ──┐ a spin that was ended in time: enough is half as many
///     ▲                                     │  ▲────┘
///     └─────────────────────────────────────┘
///       a spin in vain: enough is twice as many
/// ```
///
/// Where the scheduler keeps the waker and the woken on one processor, short sleeps are many and spins always in vain: the
/// doubling makes them so rare that they cost little.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Short sleeps in a row, as far as they count.
    short: u16,
    /// How many are enough.
    enough: u16,
}

/// One may be chance.
const ENOUGH_MIN: u16 = 2;
/// A spin in vain costs each of so many sleeps less than a microsecond. More would never come in a row on a machine that
/// does other things as well.
const ENOUGH_MAX: u16 = 64;

impl Default for Pace {
    fn default() -> Self {
        Self { short: 0, enough: ENOUGH_MIN }
    }
}

impl Pace {
    /// Whether the next wait is to begin awake.
    #[must_use]
    #[inline]
    pub fn spins(&self) -> bool {
        // Models have no time to learn from: there everybody spins who may.
        cfg!(loom) || self.short >= self.enough
    }

    /// A sleep is over. `short`: it took no longer than [`SPIN_MAX`].
    #[inline]
    pub fn slept(&mut self, short: bool) {
        self.short = if short { ENOUGH_MAX.min(self.short + 1) } else { 0 };
    }

    /// A wait awake is over: ended in time by what it waited for, or in vain.
    #[inline]
    pub fn spun(&mut self, in_time: bool) {
        if in_time {
            self.enough = ENOUGH_MIN.max(self.enough / 2);
        } else {
            self.short = 0;
            self.enough = ENOUGH_MAX.min(self.enough * 2);
        }
    }
}

/// Waits awake until `done`, but no longer than `bound` after `since`. Says whether it is done.
///
/// It never yields the processor: the scheduler may keep for milliseconds what was given away, and whoever sees a thread
/// wait awake counts on it.
pub fn spin(since: Instant, bound: Duration, done: impl Fn() -> bool) -> bool {
    /// Looks between two looks at the clock, which costs as much as some of them.
    const LOOKS: usize = 16;
    if cfg!(loom) {
        // One look: a model has no time, and more of them only repeat what it explores.
        return done();
    }
    loop {
        for _ in 0..LOOKS {
            if done() {
                return true;
            }
            hint::spin_loop();
        }
        if since.elapsed() >= bound {
            return false;
        }
    }
}

/// Whether this thread may run on more than one processor: the system is asked, which takes tens of microseconds.
#[must_use]
pub fn pays_here() -> bool {
    cfg!(loom) || available_parallelism().is_ok_and(|processors| processors.get() > 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Pace, spin};
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// Short sleeps until it spins.
    fn sleeps(pace: &mut Pace) -> usize {
        std::iter::from_fn(|| (!pace.spins()).then(|| pace.slept(true))).count()
    }

    #[test]
    fn two_short_sleeps_in_a_row_make_it_spin_and_a_long_one_counts_for_none() {
        let mut pace = Pace::default();
        pace.slept(true);
        pace.slept(false);
        assert_eq!(sleeps(&mut pace), 2);
        pace.spun(true);
        assert!(pace.spins());
        pace.slept(false);
        assert!(!pace.spins());
    }

    #[test]
    fn spins_in_vain_become_rare_and_those_in_time_make_up_for_them() {
        let mut pace = Pace::default();
        let mut all = Vec::new();
        for _ in 0..7 {
            all.push(sleeps(&mut pace));
            pace.spun(false);
        }
        assert_eq!(all, [2, 4, 8, 16, 32, 64, 64]);
        sleeps(&mut pace);
        (0..5).for_each(|_| pace.spun(true));
        pace.slept(false);
        assert_eq!(sleeps(&mut pace), 2);
    }

    #[test]
    fn a_wait_awake_ends_when_it_is_done_and_at_its_bound() {
        let looks = Cell::new(0);
        let third_time = || looks.replace(looks.get() + 1) == 2;
        assert!(spin(Instant::now(), Duration::MAX, third_time));
        assert_eq!(looks.get(), 3);
        assert!(!spin(Instant::now(), Duration::ZERO, || false));
    }
}
