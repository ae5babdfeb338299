//! Batches on the clock: one to warm up, then the median of the others.
//!
//! A batch takes a few milliseconds at most and there are many: whoever shares the processor then disturbs some of them, and
//! the median is of those that ran through.

use std::time::{Duration, Instant};

/// How much of it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Full,
    /// As little as shows that it works.
    Smoke,
}

/// Batches that are wanted, if they fit into [`BUDGET`].
const BATCHES: usize = 51;
/// Fewer than these are no median, so a slow contender takes longer than its budget.
const BATCHES_MIN: usize = 5;
/// One measurement of the slowest contenders: half a second, and the whole table stays within minutes a round.
const BUDGET: Duration = Duration::from_millis(500);

impl Size {
    /// How many operations a batch has, of which there would be `full`.
    pub(crate) fn operations(self, full: u32) -> u32 {
        match self {
            Self::Full => full,
            Self::Smoke => (full / 20).max(1),
        }
    }

    /// Whether another batch is due after `done` of them, the first of which began at `begin`.
    pub(crate) fn goes_on(self, done: usize, begin: Instant) -> bool {
        match self {
            Self::Full => done < BATCHES_MIN || (done < BATCHES && begin.elapsed() < BUDGET),
            Self::Smoke => done < 1,
        }
    }

    /// Nanoseconds for one of the `operations` that `batch` does.
    pub(crate) async fn measure(self, operations: u32, mut batch: impl AsyncFnMut()) -> f64 {
        batch().await;
        let mut all = Vec::new();
        let first = Instant::now();
        while self.goes_on(all.len(), first) {
            let begin = Instant::now();
            batch().await;
            all.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(operations));
        }
        median(all)
    }

    /// The same of a batch that blocks, and may fail.
    pub(crate) fn measure_blocking<E>(
        self,
        operations: u32,
        batch: impl FnMut() -> Result<(), E>,
    ) -> Result<f64, E> {
        let begin = Instant::now();
        self.measure_by(operations, || Ok(begin.elapsed()), batch)
    }

    /// The same by another clock: one that only goes while somebody computes.
    pub(crate) fn measure_by<E>(
        self,
        operations: u32,
        mut clock: impl FnMut() -> Result<Duration, E>,
        mut batch: impl FnMut() -> Result<(), E>,
    ) -> Result<f64, E> {
        batch()?;
        let mut all = Vec::new();
        let first = Instant::now();
        while self.goes_on(all.len(), first) {
            let begin = clock()?;
            batch()?;
            all.push((clock()? - begin).as_secs_f64() * 1e9 / f64::from(operations));
        }
        Ok(median(all))
    }
}

pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{BATCHES, BATCHES_MIN, Size, median};
    use std::time::Instant;

    #[test]
    fn one_batch_that_was_disturbed_does_not_count() {
        assert_eq!(median(vec![7.0, 900.0, 8.0]), 8.0);
    }

    #[test]
    fn there_are_enough_batches_for_a_median_and_never_more_than_wanted() {
        let now = Instant::now();
        assert!(Size::Full.goes_on(BATCHES_MIN - 1, now));
        assert!(!Size::Full.goes_on(BATCHES, now));
        assert!(Size::Smoke.goes_on(0, now) && !Size::Smoke.goes_on(1, now));
    }

    #[test]
    fn a_batch_that_failed_is_the_last_one() {
        let mut batches = 0;
        let ended = Size::Full.measure_blocking(1, || {
            batches += 1;
            Err("broken")
        });
        assert_eq!((ended, batches), (Err("broken"), 1));
    }
}
