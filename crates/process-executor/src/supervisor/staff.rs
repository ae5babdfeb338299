//! How well starting workers goes, and how long to wait before the next start.

use std::time::{Duration, Instant};

/// So many starts in a row that fail break the pool.
pub(super) const TRIES: u32 = 5;
/// The pause after the first failed start; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two starts.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A start that fails tells that the program is broken, or that the system is short of something; the first does not get
/// better by trying, the second does.
#[derive(Debug, Default)]
pub(super) struct Staff {
    /// Starts in a row that did not give a worker, through no fault of the system.
    failed: u32,
    /// Starts in a row that the system refused, and since when it does.
    refused: u32,
    short_since: Option<Instant>,
    /// Workers in a row that died before they were given a job.
    idle_deaths: u32,
    /// No start before this.
    not_before: Option<Instant>,
}

impl Staff {
    /// A worker said hello, or did a job.
    pub(super) fn worker_is_ready(&mut self) {
        self.failed = 0;
        self.refused = 0;
        self.short_since = None;
    }

    /// A worker died while it had nothing to do. One that had worked before is replaced at once.
    pub(super) fn died_idle(&mut self, used: bool) {
        self.idle_deaths = if used { 0 } else { self.idle_deaths.saturating_add(1) };
        self.pause(Instant::now());
    }

    pub(super) fn start_failed(&mut self) {
        self.failed = self.failed.saturating_add(1);
        self.pause(Instant::now());
    }

    /// The system refused what a start needs. How long it has done so.
    pub(super) fn start_refused(&mut self, now: Instant) -> Duration {
        self.refused = self.refused.saturating_add(1);
        self.pause(now);
        now.saturating_duration_since(*self.short_since.get_or_insert(now))
    }

    /// How many starts in a row have failed.
    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    fn pause(&mut self, now: Instant) {
        let doublings = self.failed.saturating_add(self.refused).saturating_add(self.idle_deaths);
        if doublings > 0 {
            let pause = PAUSE.saturating_mul(1 << (doublings - 1).min(16)).min(PAUSE_MAX);
            self.not_before = now.checked_add(pause);
        }
    }

    pub(super) fn may_start(&mut self, now: Instant) -> bool {
        if self.not_before.is_some_and(|at| at > now) {
            return false;
        }
        self.not_before = None;
        true
    }

    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_starts_fail_and_end_with_the_first_that_works() {
        let mut staff = Staff::default();
        let mut last = Duration::ZERO;
        for _ in 0..5 {
            let now = Instant::now();
            staff.start_failed();
            let pause = staff.due(now).expect("a pause") - now;
            assert!(pause > last && !staff.may_start(now));
            last = pause;
            staff.not_before = None;
        }
        staff.worker_is_ready();
        assert!(staff.may_start(Instant::now()));
    }

    #[test]
    fn a_shortage_is_timed_from_its_first_refusal_to_the_next_worker() {
        let (mut staff, now) = (Staff::default(), Instant::now());
        assert_eq!(staff.start_refused(now), Duration::ZERO);
        assert_eq!(staff.start_refused(now + Duration::from_secs(3)), Duration::from_secs(3));
        assert_eq!(staff.failed(), 0, "it is not the program's fault");
        staff.worker_is_ready();
        assert_eq!(staff.start_refused(now + Duration::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn workers_that_die_unused_are_replaced_ever_more_slowly_and_used_ones_at_once() {
        let mut staff = Staff::default();
        staff.died_idle(true);
        assert!(staff.may_start(Instant::now()));
        for _ in 0..40 {
            staff.died_idle(false);
        }
        let now = Instant::now();
        let due = staff.due(now).expect("a pause");
        assert!(due > now && due <= now + PAUSE_MAX);
    }
}
