//! Waiting awake for another thread's wake, before the loop sleeps in the kernel.
//!
//! It is a delay before the park and nothing else, so it cannot lose a wake. A descriptor that becomes ready meanwhile is
//! noticed at its end, which is hardly later than out of a sleep; still, whoever hears of descriptors sleeps. And under a
//! flood of wakes, each of which ends a wait, the kernel is asked once a millisecond.

use super::park::Park;
use super::timer::Timer;
use contract::spin::{self, Pace, SPIN_MAX};
use std::time::{Duration, Instant};

/// How long the kernel is not asked at most, while each wait is ended by a wake: as long as a turn goes without a visit.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Learns from the sleeps that a thread on another processor ended. A loop that only its own timers and descriptors wake, or a
/// thread that needs its processor, does not even read the clock for it.
#[derive(Debug, Default)]
pub(crate) struct Spinner {
    pace: Pace,
    /// The last sleep was ended by the bell, from another processor, so the next one is timed.
    rung: bool,
    /// When the sleep that follows began, if it is timed.
    since: Option<Instant>,
    /// When it last went on to the kernel after a wait.
    looked: Option<Instant>,
}

/// How a visit to the kernel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It was a mere look, and there was nothing.
    Looked,
    /// A thread rang the bell that runs on another processor.
    Rung,
    /// Descriptors, a timer or a signal; or a thread that has to have this processor.
    Else,
}

impl Spinner {
    /// The loop is about to visit the kernel: waits awake, if that pays. `true` if it was woken by that, and the visit can be
    /// left out for this once. Who was woken before has asked for the visit, perhaps.
    pub(crate) fn wait_awake(&mut self, park: &Park, timer: &Timer) -> bool {
        self.since = None;
        if !self.rung || park.is_woken() {
            return false;
        }
        let now = Instant::now();
        if !self.pace.spins() {
            self.since = Some(now);
            return false;
        }
        let bound = timer.left().map_or(SPIN_MAX, |left| left.min(SPIN_MAX));
        let woken = spin::spin(now, bound, || park.is_woken());
        self.pace.spun(woken);
        let recent = self.looked.is_some_and(|looked| now.saturating_duration_since(looked) < LOOK_EVERY);
        if !(woken && recent) {
            self.looked = Some(now);
        }
        woken && recent
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
    use super::{LOOK_EVERY, Spinner, Visit};
    use crate::native::park::Park;
    use crate::native::timer::Timer;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
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

    /// One that waits awake, and has just looked at the kernel.
    fn keen() -> Spinner {
        let (mut spinner, now) = (Spinner::default(), Instant::now());
        rung(&mut spinner, now + HOUR);
        rung(&mut spinner, now + HOUR);
        Spinner { looked: Some(now + HOUR), ..spinner }
    }

    #[test]
    fn a_wake_that_ends_a_wait_spares_the_visit() {
        let (park, timer) = (Park::new(), Timer::default());
        let (waits, over) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    if waits.swap(false, Relaxed) {
                        let _awake = park.wake();
                    }
                }
            });
            let spared = || {
                park.take();
                waits.store(true, Relaxed);
                keen().wait_awake(&park, &timer)
            };
            // The wake may come too early, or too late: not for ever.
            while !spared() {}
            over.store(true, Relaxed);
        });
    }

    #[test]
    fn who_was_woken_before_visits_and_so_does_who_waited_in_vain() {
        let (park, timer, mut spinner) = (Park::new(), Timer::default(), keen());
        assert!(!spinner.wait_awake(&park, &timer), "nobody woke it");
        assert!(spinner.looked.is_some_and(|looked| looked <= Instant::now()));
        let _parked = park.wake();
        assert!(!keen().wait_awake(&park, &timer), "it was woken before");
    }

    #[test]
    fn the_kernel_is_asked_once_in_a_while_whatever_wakes_come() {
        let (park, timer, begin) = (Park::new(), Timer::default(), Instant::now());
        let mut spinner = Spinner { looked: begin.checked_sub(LOOK_EVERY), ..keen() };
        let spared = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _awake = park.wake();
            });
            spinner.wait_awake(&park, &timer)
        });
        assert!(!spared);
    }
}
