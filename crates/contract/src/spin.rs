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
///            two short waits in a row
///   SLEEPS ─────────────────────────────► SPINS
///     ▲                                     │
///     └─────────────────────────────────────┘
///                 a wait that was not
/// ```
///
/// So a wait awake that was in vain is followed by at least two sleeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// Short waits in a row, as far as they count.
    short: u8,
}

const SHORT_ENOUGH: u8 = 2;

impl Pace {
    /// Whether the next wait is to begin awake.
    #[must_use]
    #[inline]
    pub fn spins(self) -> bool {
        // Models have no time to learn from: there everybody spins who may.
        cfg!(loom) || self.short == SHORT_ENOUGH
    }

    /// A wait is over, asleep or awake. `short`: it took no longer than [`SPIN_MAX`].
    #[inline]
    pub fn waited(&mut self, short: bool) {
        self.short = if short { SHORT_ENOUGH.min(self.short + 1) } else { 0 };
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

    #[test]
    fn two_short_waits_in_a_row_make_it_spin_and_one_long_wait_ends_that() {
        let mut pace = Pace::default();
        for short in [true, false, true, true, true] {
            assert!(!pace.spins() || short);
            pace.waited(short);
        }
        assert!(pace.spins());
        pace.waited(false);
        assert!(!pace.spins());
        pace.waited(true);
        assert!(!pace.spins(), "one short wait may be chance");
        pace.waited(true);
        assert!(pace.spins());
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
