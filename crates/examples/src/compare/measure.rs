//! The one function that drives every place: many jobs on any executor, at most so many in flight, with a heartbeat beside.

use super::heartbeat::Heartbeat;
use super::place::Place;
use super::report::Row;
use super::timed::Timed;
use crate::runtime::Runtime;
use contract::{Executor, ExecutorExt, JobError};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// How each row is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Passes are repeated until this much time has gone.
    pub(super) at_least: Duration,
    pub(super) in_flight: NonZeroUsize,
}

impl Plan {
    /// Two jobs in flight for each core: one runs, the next is there already.
    pub(super) fn new(at_least: Duration, cores: NonZeroUsize) -> Self {
        Self { at_least, in_flight: cores.saturating_mul(const { NonZeroUsize::new(2).unwrap() }) }
    }
}

/// What came of a row.
#[derive(Debug)]
pub(super) struct Measured {
    jobs: usize,
    took: Duration,
    /// Of each job, shortest first.
    latencies: Vec<Duration>,
    worst_loop_delay: Duration,
    /// Which jobs had another output than expected, each once.
    pub(super) differing: Vec<usize>,
}

/// Runs the jobs `0..count` on `executor`, again and again as `plan` says; `work` makes each, `expected` looks at its
/// output. `step` hears of every job that is done.
///
/// # Errors
///
/// The first job that gave no output.
pub(super) async fn measure<E, W>(
    executor: &E,
    count: usize,
    work: impl Fn(usize) -> W,
    expected: impl Fn(usize, &E::Output) -> bool,
    plan: Plan,
    mut step: impl FnMut(usize),
) -> Result<Measured, (usize, JobError)>
where
    E: Executor<W>,
{
    let timed = Timed::new(executor);
    let heartbeat = Heartbeat::start().await;
    let begin = Instant::now();
    let pass = || (begin.elapsed() < plan.at_least).then_some(0..count);
    let passes = std::iter::once(0..count).chain(std::iter::from_fn(pass));
    let mut outcomes = timed.map(passes.flatten().map(work), plan.in_flight);
    let (mut jobs, mut differing) = (0, Vec::new());
    while let Some(outcome) = outcomes.next().await {
        let at = jobs % count;
        if !expected(at, &outcome.map_err(|error| (at, error))?) && !differing.contains(&at) {
            differing.push(at);
        }
        jobs += 1;
        step(jobs);
    }
    drop(outcomes);
    let took = begin.elapsed();
    let worst_loop_delay = heartbeat.stop();
    Ok(Measured { jobs, took, latencies: timed.sorted(), worst_loop_delay, differing })
}

impl Measured {
    pub(super) fn row(&self, work: &str, runtime: Runtime, place: Place) -> Row {
        Row {
            work: work.to_owned(),
            runtime: runtime.to_string(),
            place,
            jobs: self.jobs,
            jobs_per_s: self.jobs as f64 / self.took.as_secs_f64(),
            p50_ms: ms(quantile(&self.latencies, 50)),
            p99_ms: ms(quantile(&self.latencies, 99)),
            worst_loop_delay_ms: ms(self.worst_loop_delay),
        }
    }
}

/// The smallest that `percent` of them do not exceed.
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::{Plan, measure, quantile};
    use contract::JobError;
    use core_loop::Loop;
    use std::num::NonZeroUsize;
    use std::time::Duration;

    const ONE_PASS: Plan = Plan { at_least: Duration::ZERO, in_flight: NonZeroUsize::MIN };

    #[test]
    fn quantiles_are_those_of_a_hundred() {
        let hundred: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&hundred, 50), Duration::from_millis(50));
        assert_eq!(quantile(&hundred, 99), Duration::from_millis(99));
        assert_eq!(quantile(&hundred[..1], 99), Duration::from_millis(1));
        assert_eq!(quantile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn every_job_is_counted_timed_and_compared() {
        let measured = core_loop::run(async {
            let work = |at| async move { at * at };
            measure(
                &Loop::current().handle(),
                10,
                work,
                |at, output| at == 3 || *output == at * at,
                ONE_PASS,
                drop,
            )
            .await
        });
        let measured = measured.unwrap().unwrap();
        assert_eq!((measured.jobs, measured.latencies.len(), measured.differing), (10, 10, vec![]));
    }

    #[test]
    fn another_output_is_noted_once_however_often_it_comes() {
        let plan = Plan { at_least: Duration::from_millis(5), ..ONE_PASS };
        let measured = core_loop::run(async {
            measure(
                &Loop::current().handle(),
                2,
                |at| async move { at },
                |_, output| *output == 0,
                plan,
                drop,
            )
            .await
        });
        let measured = measured.unwrap().unwrap();
        assert_eq!(measured.differing, [1]);
        assert_eq!(measured.jobs % 2, 0, "passes are whole");
    }

    #[test]
    fn a_job_that_fails_is_named() {
        let outcome = core_loop::run(async {
            let work = |at| async move { assert_ne!(at, 4, "the fourth") };
            measure(&Loop::current().handle(), 9, work, |_, ()| true, ONE_PASS, drop).await
        });
        let (at, error) = outcome.unwrap().unwrap_err();
        assert_eq!(at, 4);
        assert!(matches!(error, JobError::Panicked(_)), "{error}");
    }
}
