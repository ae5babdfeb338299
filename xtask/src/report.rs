//! What a run found: counted, listed, and summed up in one plain line.

use std::time::{Duration, Instant};

/// How a command that was carried out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Green,
    Red,
}

impl Verdict {
    pub(crate) fn green_if(good: bool) -> Self {
        if good { Self::Green } else { Self::Red }
    }
}

/// Why something could not run here, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) reason: String,
    pub(crate) cure: String,
}

impl Obstacle {
    pub(crate) fn new(reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { reason: reason.into(), cure: cure.into() }
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; cure: {}", self.reason, self.cure)
    }
}

/// Passed, failed and skipped, with the names of whatever did not pass.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<String>,
    /// What could not run on this machine: a failure under `--strict`.
    pub(crate) blocked: Vec<String>,
    /// What does not apply by design, with the reason that stands in the suite.
    pub(crate) inapplicable: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.blocked.extend(other.blocked);
        self.inapplicable.extend(other.inapplicable);
    }

    /// Something was skipped: because of this machine, or by design.
    pub(crate) fn skip(&mut self, what: &str, reason: &str) {
        let list = if speaks_of_this_machine(reason) { &mut self.blocked } else { &mut self.inapplicable };
        list.push(format!("{what}: {reason}"));
    }

    pub(crate) fn skipped(&self) -> usize {
        self.blocked.len() + self.inapplicable.len()
    }

    /// Nothing run is no success.
    pub(crate) fn verdict(&self, strict: bool) -> Verdict {
        Verdict::green_if(self.passed > 0 && self.failed.is_empty() && (!strict || self.blocked.is_empty()))
    }

    /// The three counts, in the words of the last line.
    pub(crate) fn counts(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped())
    }

    /// Prints what did not pass, and the counts as the last line.
    pub(crate) fn print(&self, strict: bool) {
        let lists = [
            ("failed", &self.failed),
            (
                if strict { "could not run here, a failure under --strict" } else { "could not run here" },
                &self.blocked,
            ),
            ("does not apply", &self.inapplicable),
        ];
        for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            println!("\n{title}:");
            list.iter().for_each(|line| println!("  {line}"));
        }
        if self.passed + self.failed.len() == 0 {
            println!("\nno test ran: that counts as a failure");
        }
        println!("\n{}", self.counts());
    }
}

/// The words of `contract::Unavailable`, and of [`Obstacle`].
pub(crate) fn speaks_of_this_machine(reason: &str) -> bool {
    reason.contains(" cannot run here: ") || reason.contains("; cure: ")
}

/// `1.2 s`, `3 min 05 s`.
pub(crate) fn seconds(took: Duration) -> String {
    let whole = took.as_secs();
    if whole < 60 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// Numbered progress lines on standard error, each with its time.
pub(crate) struct Progress {
    done: usize,
    of: usize,
}

impl Progress {
    pub(crate) fn new(of: usize) -> Self {
        Self { done: 0, of }
    }

    /// Announces `what`, does it, and says how it went in the words of `outcome`.
    pub(crate) fn step<T>(
        &mut self,
        what: &str,
        work: impl FnOnce() -> T,
        outcome: impl FnOnce(&T) -> String,
    ) -> T {
        self.done += 1;
        eprintln!("[{}/{}] {what} …", self.done, self.of);
        let begin = Instant::now();
        let result = work();
        eprintln!("[{}/{}] {what}: {} ({})", self.done, self.of, outcome(&result), seconds(begin.elapsed()));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, Verdict, seconds};
    use std::time::Duration;

    #[test]
    fn a_run_without_tests_is_red() {
        assert_eq!(Tally::default().verdict(false), Verdict::Red);
    }

    #[test]
    fn what_could_not_run_here_is_red_only_under_strict() {
        let tally = Tally { passed: 1, blocked: vec!["glommio: no git".into()], ..Tally::default() };
        assert_eq!(tally.verdict(false), Verdict::Green);
        assert_eq!(tally.verdict(true), Verdict::Red);
        assert_eq!(tally.counts(), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn what_does_not_apply_is_counted_and_stays_green_under_strict() {
        let tally = Tally { passed: 1, inapplicable: vec!["no readiness".into()], ..Tally::default() };
        assert_eq!(tally.verdict(true), Verdict::Green);
        assert_eq!(tally.counts(), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn times_carry_their_unit() {
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
