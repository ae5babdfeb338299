//! How often what took how long.

use std::fmt;
use std::time::Duration;

/// Durations counted in buckets, each twice as wide as the one before: 1 ns and less, 2 ns, 4 ns … half an hour and more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Histogram([u64; BUCKETS]);

const BUCKETS: usize = 42;

impl Histogram {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; BUCKETS])
    }

    /// One more that `took` so long; it counts for `weight`.
    pub fn record(&mut self, took: Duration, weight: u64) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = nanos.checked_ilog2().unwrap_or(0) as usize;
        self.0[bucket.min(BUCKETS - 1)] += weight;
    }

    /// Those of `other` as well.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, other)| *sum += other);
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What `share` of the durations did not exceed: 0.5 asks for the median, 0.99 for the 99th percentile. It is the upper
    /// end of the bucket, so at most twice the truth. `None` if there are none.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank within a count; the buckets are coarser"
    )]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let rank = ((count as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        let bucket = self.0.iter().position(|bucket| {
            seen += bucket;
            seen >= rank
        })?;
        Some(upper_end(bucket))
    }

    /// The buckets that are not empty: their upper end, and how many durations are in them.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + use<> {
        self.0
            .into_iter()
            .enumerate()
            .filter(|(_, count)| *count > 0)
            .map(|(at, count)| (upper_end(at), count))
    }
}

fn upper_end(bucket: usize) -> Duration {
    if bucket == BUCKETS - 1 { Duration::MAX } else { Duration::from_nanos((2 << bucket) - 1) }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.buckets()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    #[test]
    fn a_quantile_is_the_upper_end_of_its_bucket() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.count(), histogram.quantile(0.5)), (0, None));
        histogram.record(Duration::ZERO, 1);
        histogram.record(Duration::from_nanos(1000), 97);
        histogram.record(Duration::from_secs(1_000_000), 2);
        assert_eq!(histogram.count(), 100);
        assert_eq!(histogram.quantile(0.0), Some(Duration::from_nanos(1)));
        assert_eq!(histogram.quantile(0.5), Some(Duration::from_nanos(1023)));
        assert_eq!(histogram.quantile(1.0), Some(Duration::MAX));
        assert_eq!(histogram.buckets().map(|(_, count)| count).collect::<Vec<_>>(), [1, 97, 2]);
    }
}
