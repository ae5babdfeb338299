//! `thread`: what a pool's workers do, told by where work runs.

use super::{occupy, outcome, output, values};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Executors, Gate, Miss, Subject, Work};
use contract::{ExecutorExt, JobError};
use std::collections::HashSet;

pub(super) fn lazy_and_reusing(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let Some(workers) = bench.worker_count() else {
        return Err(Miss::Skip("it declares no number of workers".to_owned()));
    };
    let visits = Gate::new();
    for number in 0..5 {
        output(&mut bench.try_submit(visits.pass(number))?)?;
    }
    let reused: HashSet<_> = visits.arrivals().into_iter().map(|arrival| arrival.worker).collect();
    ensure(reused.len() <= workers, format!("{} workers served five jobs in a row", reused.len()))?;

    let gate = Gate::new();
    let mut jobs = Vec::new();
    for number in 0..15 {
        jobs.push(bench.try_submit(gate.wait(number))?);
    }
    gate.arrived(workers)?;
    let busy: HashSet<_> = gate.arrivals().into_iter().map(|arrival| arrival.worker).collect();
    same("workers that hold one waiting job each", busy.len(), workers)?;
    gate.open();
    jobs.iter_mut().try_for_each(|job| output(job).map(|_| ()))?;
    let served: HashSet<_> = gate.arrivals().into_iter().map(|arrival| arrival.worker).collect();
    same("workers that served all jobs", served.len(), workers)
}

pub(super) fn dropped_pool_finishes_jobs(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let mut jobs = values(&bench, 20)?;
    drop(bench);
    for job in &mut jobs {
        match outcome(job)? {
            Ok(_) | Err(JobError::Shutdown { .. }) => {}
            Err(other) => return Err(Miss::Fail(format!("a job of a dropped executor ended with: {other}"))),
        }
    }
    Ok(())
}

pub(super) fn job_panic_fails_future_only(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    // With all workers but one held, the job after the panic needs the very worker that it happened on.
    let _held = occupy(&bench, &gate, 1).or_else(|miss| match miss {
        Miss::Skip(_) => Ok(Vec::new()),
        fail @ Miss::Fail(_) => Err(fail),
    })?;
    match outcome(&mut bench.try_submit(Work::panic("no luck today"))?)? {
        Err(JobError::Panicked(panic)) => same("the panic's message", panic.message(), "no luck today")?,
        other => return Err(Miss::Fail(format!("the job that panicked gave {other:?}"))),
    }
    same("the job after the panic", output(&mut bench.try_submit(Work::value(7))?)?, 7)
}
