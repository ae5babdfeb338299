//! Waiting awake for another thread's wake, before the loop sleeps in the kernel.
//!
//! It is a delay before the park and nothing else, so it cannot lose a wake. A descriptor that becomes ready meanwhile is
//! noticed at its end, which is hardly later than out of a sleep; still, whoever hears of descriptors sleeps.

use super::park::Park;
use super::timer::Timer;
use contract::spin::{self, Pace, SPIN_MAX};
use std::time::Instant;

/// Learns from the sleeps that another thread ended. A loop that only its own timers and descriptors wake does not even
/// read the clock for it.
#[derive(Debug, Default)]
pub(crate) struct Spinner {
    pace: Pace,
    /// The last sleep was ended by the bell, so the next one is timed.
    rung: bool,
    /// When the sleep that follows began, if it is timed.
    since: Option<Instant>,
    /// Whether there is another processor for whoever wakes; asked when it would spin for the first time.
    pays: Option<bool>,
}

/// How a visit to the kernel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It was a mere look, and there was nothing.
    Looked,
    /// Another thread rang the bell.
    Rung,
    /// Descriptors, a timer or a signal.
    Else,
}

impl Spinner {
    /// The loop is about to visit the kernel: waits awake, if that pays.
    pub(crate) fn wait_awake(&mut self, park: &Park, timer: &Timer) {
        self.since = None;
        if !self.rung || self.pays == Some(false) || park.is_woken() {
            return;
        }
        let now = Instant::now();
        if self.pace.spins() && *self.pays.get_or_insert_with(spin::pays_here) {
            let bound = timer.left().map_or(SPIN_MAX, |left| left.min(SPIN_MAX));
            self.pace.spun(spin::spin(now, bound, || park.is_woken()));
        } else {
            self.since = Some(now);
        }
    }

    pub(crate) fn visited(&mut self, visit: Visit) {
        match visit {
            Visit::Looked => {}
            Visit::Rung => {
                if let Some(since) = self.since {
                    self.pace.slept(since.elapsed() <= SPIN_MAX);
                }
                self.rung = true;
            }
            Visit::Else => {
                self.pace.slept(false);
                self.rung = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spinner, Visit};
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    /// A sleep that another thread ended. One that begins later than now has taken no time.
    fn rung(spinner: &mut Spinner, since: Instant) {
        spinner.since = Some(since);
        spinner.visited(Visit::Rung);
    }

    #[test]
    fn it_waits_awake_after_short_sleeps_that_others_ended_and_only_then() {
        let (mut spinner, now) = (Spinner::default(), Instant::now());
        rung(&mut spinner, now + HOUR);
        rung(&mut spinner, now + HOUR);
        spinner.visited(Visit::Looked);
        assert!(spinner.rung && spinner.pace.spins());
        spinner.visited(Visit::Else);
        assert!(!spinner.rung && !spinner.pace.spins());
    }

    #[test]
    fn long_sleeps_teach_it_to_sleep() {
        let (mut spinner, now) = (Spinner::default(), Instant::now());
        for since in [now + HOUR, now + HOUR, now - HOUR] {
            rung(&mut spinner, since);
        }
        assert!(spinner.rung && !spinner.pace.spins());
    }
}
