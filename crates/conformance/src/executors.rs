//! The behaviours of executors, an area a file.

use crate::behaviour::{Behaviour, Kind, Miss};
use crate::catalogue::registry;
use crate::run::soon;
use crate::{Bench, Gate, Subject, Work};
use contract::{ExecutorExt, Job, Unavailable};
use std::time::Duration;

mod cf_as_completed;
mod cf_future;
mod cf_wait;
mod executor;
mod thread;

/// The kind of subject that is an executor.
#[derive(Debug, Clone, Copy)]
pub enum Executors {}

crate::executor_behaviours!(registry, Executors);

impl Kind for Executors {
    type Made = Bench;
    const NAME: &'static str = "executor";

    fn behaviours() -> &'static [Behaviour<Self>] {
        BEHAVIOURS
    }
}

impl Subject<Executors> {
    /// An executor, fresh for each behaviour.
    pub fn executor(
        name: impl Into<String>,
        make: impl Fn() -> Result<Bench, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, make)
    }
}

/// How long a shutdown may wait for work that does end.
const GRACE: Duration = Duration::from_secs(60);

/// What a job gives soon, or a failure.
fn outcome(job: &mut Job<u64>) -> Result<Result<u64, contract::JobError>, Miss> {
    job.wait_timeout(soon()).ok_or_else(|| Miss::Fail(format!("{job:?} was not done within {:?}", soon())))
}

/// The output that a job gives soon, or a failure.
fn output(job: &mut Job<u64>) -> Result<u64, Miss> {
    Ok(outcome(job)??)
}

/// Makes all workers but `spare` wait at `gate`, and returns when they do. Skips where there is no bound on them.
fn occupy(bench: &Bench, gate: &Gate, spare: usize) -> Result<Vec<Job<u64>>, Miss> {
    let Some(workers) = bench.worker_count() else {
        return Err(Miss::Skip("it starts all work at once: nothing ever waits in its queue".to_owned()));
    };
    let mut jobs = Vec::new();
    for number in spare..workers {
        jobs.push(bench.try_submit(gate.wait(number as u64))?);
    }
    gate.arrived(jobs.len())?;
    Ok(jobs)
}

/// Submits work that gives the numbers `0..count`.
fn values(bench: &Bench, count: u64) -> Result<Vec<Job<u64>>, Miss> {
    (0..count).map(|number| Ok(bench.try_submit(Work::value(number))?)).collect()
}
