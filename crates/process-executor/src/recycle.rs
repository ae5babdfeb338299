//! When a worker has served long enough.

use std::hash::{BuildHasher, RandomState};

/// When a worker is replaced by a fresh one, between two jobs: after so many jobs, or when it has grown too large.
///
/// # Examples
///
/// ```
/// use process_executor::{ProcessPool, Recycle, call, ExecutorExt};
///
/// let pool = ProcessPool::builder()
///     .workers(1)
///     .recycle(Recycle::after(1000).jitter(0.2).memory_above(512 << 20))
///     .build()?;
/// assert_eq!(pool.try_submit(call(|n: u8| n, 7))?.wait()?, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Python
///
/// `max_tasks_per_child`. There it excludes the fork start method, and has no jitter: all workers start anew at once.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "pass it to `Builder::recycle`"]
pub struct Recycle {
    jobs: Option<u64>,
    jitter: f64,
    /// Bytes.
    pub(crate) memory: Option<u64>,
}

impl Recycle {
    /// Workers serve as long as the pool does.
    pub fn never() -> Self {
        Self { jobs: None, jitter: 0.0, memory: None }
    }

    /// A worker is replaced after so many jobs; 0 counts as 1.
    pub fn after(jobs: u64) -> Self {
        Self { jobs: Some(jobs.max(1)), ..Self::never() }
    }

    /// Each worker serves up to this share of its jobs fewer, at random, so that they do not all end at once. It lowers the
    /// number of jobs, never the number of workers. Kept between 0 and 1.
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self
    }

    /// A worker that has more than this in memory when a job ends is replaced.
    ///
    /// # Units
    ///
    /// Bytes, resident (`VmRSS`), what it shares with other processes included.
    pub fn memory_above(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How many jobs the worker with this number is to serve.
    pub(crate) fn jobs_for(&self, number: u64) -> Option<u64> {
        let jobs = self.jobs?;
        let share = RandomState::new().hash_one(number) as f64 / u64::MAX as f64;
        let fewer = (jobs as f64 * self.jitter * share) as u64;
        Some(jobs.saturating_sub(fewer).max(1))
    }
}

impl Default for Recycle {
    fn default() -> Self {
        Self::never()
    }
}

#[cfg(test)]
mod tests {
    use super::Recycle;

    #[test]
    fn jitter_lowers_the_number_of_jobs_within_its_share() {
        let recycle = Recycle::after(1000).jitter(0.2);
        let all: Vec<u64> = (0..100).filter_map(|number| recycle.jobs_for(number)).collect();
        assert!(all.iter().all(|jobs| (800..=1000).contains(jobs)), "{all:?}");
        assert!(all.iter().any(|jobs| *jobs != all[0]), "they do not all end at once");
    }

    #[test]
    fn whatever_is_asked_for_a_worker_serves_at_least_one_job() {
        assert_eq!(Recycle::after(0).jobs_for(1), Some(1));
        assert_eq!(Recycle::after(1).jitter(7.0).jobs_for(1), Some(1));
        assert_eq!(Recycle::after(3).jitter(f64::NAN).jobs_for(1), Some(3));
        assert_eq!(Recycle::never().jobs_for(1), None);
    }
}
