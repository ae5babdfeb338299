//! Batches on the clock: one to warm up, then the median of the others.
//!
//! A batch takes a few milliseconds at most and there are many: whoever shares the processor then disturbs some of them, and
//! the median is of those that ran through.

use std::time::Instant;

/// How much of it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Full,
    /// As little as shows that it works.
    Smoke,
}

impl Size {
    /// How many operations a batch has, of which there would be `full`.
    pub(crate) fn operations(self, full: u32) -> u32 {
        match self {
            Self::Full => full,
            Self::Smoke => (full / 20).max(1),
        }
    }

    fn batches(self) -> usize {
        match self {
            Self::Full => 51,
            Self::Smoke => 1,
        }
    }

    /// Nanoseconds for one of the `operations` that `batch` does.
    pub(crate) async fn measure(self, operations: u32, mut batch: impl AsyncFnMut()) -> f64 {
        batch().await;
        let mut all = Vec::new();
        for _ in 0..self.batches() {
            let begin = Instant::now();
            batch().await;
            all.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(operations));
        }
        median(all)
    }

    /// The same of a batch that blocks.
    pub(crate) fn measure_blocking(self, operations: u32, mut batch: impl FnMut()) -> f64 {
        smol::future::block_on(self.measure(operations, async || batch()))
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn one_batch_that_was_disturbed_does_not_count() {
        assert_eq!(median(vec![7.0, 900.0, 8.0]), 8.0);
    }
}
