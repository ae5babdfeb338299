//! `thread`: what a pool's workers do, told by where work runs.

use super::{occupy, outcome, output, values};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Bench, Executors, Gate, Miss, Subject, Work, this_worker};
use contract::{Cancel, ExecutorExt, Job, JobError, Reject};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

pub(super) fn initializer_runs_per_worker(subject: &Subject<Executors>) -> Verdict {
    let prepared = Arc::new(Mutex::new(Vec::new()));
    let notes = prepared.clone();
    let bench = subject.fresh()?.with_prepared(move || lock(&notes).push(this_worker()))?;
    let Some(workers) = bench.worker_count() else {
        return Err(Miss::Skip("it declares no number of workers".to_owned()));
    };
    let gate = Gate::new();
    let mut jobs = Vec::new();
    for number in 0..2 * workers as u64 {
        jobs.push(bench.try_submit(gate.wait(number))?);
    }
    gate.arrived(workers)?;
    // As they were when the first jobs ran.
    let prepared = lock(&prepared).clone();
    let served: HashSet<_> = gate.arrivals().into_iter().map(|arrival| arrival.worker).collect();
    gate.open();
    jobs.iter_mut().try_for_each(|job| output(job).map(|_| ()))?;
    same("how often a worker was prepared", prepared.len(), workers)?;
    same("the workers that were prepared", prepared.into_iter().collect::<HashSet<_>>(), served)
}

/// What initializers say that fail.
const NO_LICENCE: &str = "no licence";

/// An executor whose initializers fail when what comes with it is dropped, and five jobs that wait for them.
fn about_to_break(
    subject: &Subject<Executors>,
    may_begin: &Arc<Mutex<()>>,
) -> Result<(Bench, Vec<Job<u64>>), Miss> {
    let begins = may_begin.clone();
    let bench = subject.fresh()?.with_prepared(move || {
        drop(lock(&begins));
        panic!("{NO_LICENCE}");
    })?;
    let jobs = values(&bench, 5)?;
    Ok((bench, jobs))
}

fn fails_by_initializer(job: &mut Job<u64>) -> Verdict {
    match outcome(job)? {
        Err(JobError::Initializer(panic)) => same("what it says", panic.message(), NO_LICENCE),
        other => Err(Miss::Fail(format!("a job of a pool that broke gave {other:?}"))),
    }
}

pub(super) fn initializer_failure_breaks_pool(subject: &Subject<Executors>) -> Verdict {
    let may_begin = Arc::default();
    let held = lock(&may_begin);
    let (bench, mut jobs) = about_to_break(subject, &may_begin)?;
    drop(held);
    jobs.iter_mut().try_for_each(fails_by_initializer)?;
    match bench.try_submit(Work::value(7)) {
        Err(rejected) if matches!(rejected.why, Reject::Broken(_)) => {
            same("the work that was refused", rejected.into_work().perform(), 7)
        }
        Err(rejected) => Err(Miss::Fail(format!("it was refused because {}", rejected.why))),
        Ok(_) => Err(Miss::Fail("a broken executor took a job".to_owned())),
    }
}

pub(super) fn broken_pool_skips_cancelled(subject: &Subject<Executors>) -> Verdict {
    let may_begin = Arc::default();
    let held = lock(&may_begin);
    let (_bench, mut jobs) = about_to_break(subject, &may_begin)?;
    same("what the cancel did", jobs[1].cancel(), Cancel::Dequeued)?;
    drop(held);
    match outcome(&mut jobs.remove(1))? {
        Err(JobError::Cancelled { started: false }) => {}
        other => return Err(Miss::Fail(format!("the job that was cancelled gave {other:?}"))),
    }
    jobs.iter_mut().try_for_each(fails_by_initializer)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
