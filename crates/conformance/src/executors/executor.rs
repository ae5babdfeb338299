//! `executor`: submitting, shutting down, mapping.

use super::{Executors, GRACE, occupy, outcome, output, values};
use crate::behaviour::{Verdict, ensure, same};
use crate::run::soon;
use crate::{Bench, Gate, Miss, Subject, Work, this_worker};
use contract::{
    Drain, Executor, ExecutorExt, Job, JobError, Reject, Rejected, Shutdown, Submit, block_on_timeout,
};
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// How much work is offered before a queue counts as unbounded.
const MANY: u64 = 10_000;

const TWO: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");
const FIVE: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");

pub(super) fn submit_runs_nothing_inline(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    output(&mut bench.try_submit(gate.pass(1))?)?;
    let workers: Vec<_> = gate.arrivals().into_iter().map(|arrival| arrival.worker).collect();
    same("how often it ran", workers.len(), 1)?;
    ensure(workers[0] != this_worker(), "the work ran on the thread that submitted it")
}

pub(super) fn submit_returns_at_once(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let _held = occupy(&bench, &gate, 0)?;
    let mut queued = bench.try_submit(Work::value(1))?;
    same("running and done, behind busy workers", (queued.running(), queued.done()), (false, false))?;
    gate.open();
    same("its output", output(&mut queued)?, 1)
}

pub(super) fn starts_in_order(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let (gate, last) = (Gate::new(), Gate::new());
    let _held = occupy(&bench, &gate, 1)?;
    let _last = bench.try_submit(last.wait(0))?;
    last.arrived(1)?;
    let mut queued: Vec<_> = (1..=10).map(|n| bench.try_submit(last.pass(n))).collect::<Result<_, _>>()?;
    last.open();
    queued.iter_mut().try_for_each(|job| output(job).map(|_| ()))?;
    same("the order of starting", last.numbers(), (0..=10).collect::<Vec<_>>())
}

pub(super) fn full_queue_gives_work_back(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let _held = occupy(&bench, &gate, 0)?;
    let mut queued = Vec::new();
    let refused = loop {
        let number = queued.len() as u64;
        match bench.try_submit(Work::value(number)) {
            Ok(job) if number < MANY => queued.push(job),
            Ok(_) => {
                return Err(Miss::Skip(format!("its queue took {MANY} pieces of work: it has no bound")));
            }
            Err(refused) => break refused,
        }
    };
    ensure(matches!(refused.why, Reject::Full), format!("a full queue says: {}", refused.why))?;
    same("the work that came back", refused.into_work().perform(), queued.len() as u64)?;
    let middle = queued.len() / 2;
    queued[middle].cancel();
    let mut next = bench.try_submit(Work::value(7))?;
    gate.open();
    same("the work that took the place of a cancelled job", output(&mut next)?, 7)
}

pub(super) fn deadline_withdraws_queued(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let _held = occupy(&bench, &gate, 0)?;
    let soon = Duration::from_millis(10);
    let mut late = bench.try_submit_with(gate.pass(100), Submit::new().deadline(soon))?;
    if bench.parks() {
        // A loop that is blocked looks at no deadline: it must see that this one has passed when it is free again.
        thread::sleep(soon);
        gate.open();
    }
    let ended = outcome(&mut late)?;
    ensure(
        matches!(ended, Err(JobError::Deadline { started: false })),
        format!("a queued job whose deadline passed gave {ended:?}"),
    )?;
    gate.open();
    flush(&bench)?;
    ensure(!gate.numbers().contains(&100), "the work ran after its deadline")
}

/// Waits until everything queued before has begun.
fn flush(bench: &Bench) -> Verdict {
    values(bench, 8)?.iter_mut().try_for_each(|job| output(job).map(|_| ()))
}

pub(super) fn submit_after_shutdown(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    output(&mut bench.try_submit(Work::value(1))?)?;
    bench.shutdown(Drain::Queued, GRACE);
    let refused = |attempt: Result<_, Rejected<Work>>, whence: &str| match attempt {
        Err(refused) if matches!(refused.why, Reject::ShuttingDown) => {
            same("the work that came back", refused.into_work().perform(), 2)
        }
        Err(other) => Err(Miss::Fail(format!("{whence}, the refusal says: {}", other.why))),
        Ok(_) => Err(Miss::Fail(format!("{whence}, work was accepted after the shutdown"))),
    };
    refused(bench.try_submit(Work::value(2)), "from the same thread")?;
    let elsewhere = thread::scope(|scope| scope.spawn(|| bench.try_submit(Work::value(2))).join());
    refused(
        elsewhere.map_err(|_| Miss::Fail("submitting after the shutdown panicked".to_owned()))?,
        "from another thread",
    )?;
    let waited = block_on_timeout(&mut bench.submit(Work::value(2)), soon());
    refused(
        waited.ok_or_else(|| Miss::Fail("waiting for room after the shutdown does not end".to_owned()))?,
        "waiting for room",
    )
}

pub(super) fn shutdown_wait_drains_queue(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut jobs = (0..50).map(|n| bench.try_submit(gate.wait(n))).collect::<Result<Vec<_>, _>>()?;
    let (report, done) = thread::scope(|scope| {
        scope.spawn(|| {
            // Long enough for the shutdown to begin; if it begins later, less is seen, and nothing is wrong.
            thread::sleep(Duration::from_millis(100));
            gate.open();
        });
        let report = bench.shutdown(Drain::Queued, GRACE);
        (report, jobs.iter().filter(|job| job.done()).count())
    });
    same("how many of fifty jobs are done when the shutdown returns", done, 50)?;
    ensure(report.is_clean(), format!("the shutdown reports: {report}"))?;
    jobs.iter_mut().try_for_each(|job| output(job).map(|_| ()))
}

pub(super) fn cancel_futures(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut held = occupy(&bench, &gate, 0)?;
    let mut queued = values(&bench, 5)?;
    // One that is cancelled already must not confuse it.
    queued[2].cancel();
    let report = thread::scope(|scope| {
        let shutdown = scope.spawn(|| bench.shutdown(Drain::Started, GRACE));
        // The queue is cancelled while the running jobs still wait at the gate.
        let ended: Result<Vec<_>, _> = queued.iter_mut().map(outcome).collect();
        gate.open();
        let report = shutdown.join().map_err(|_| Miss::Fail("the shutdown panicked".to_owned()))?;
        ended.map(|ended| (ended, report))
    });
    let (ended, report) = report?;
    for ended in ended {
        ensure(
            matches!(
                ended,
                Err(JobError::Cancelled { started: false } | JobError::Shutdown { started: false })
            ),
            format!("a queued job gave {ended:?}"),
        )?;
    }
    held.iter_mut().try_for_each(|job| output(job).map(|_| ()))?;
    same("jobs cancelled, as reported", report.cancelled, 4)?;
    ensure(report.stragglers.is_empty(), format!("the shutdown reports: {report}"))
}

pub(super) fn shutdown_ends_within_its_grace(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut stuck = bench.try_submit_with(gate.wait(1), Submit::new().label("stuck"))?;
    gate.arrived(1)?;
    let report = bench.shutdown(Drain::Queued, Duration::from_millis(20));
    match report.stragglers.first() {
        Some(straggler) => ensure(
            straggler.label.as_deref().is_none_or(|label| label == "stuck"),
            format!("the wrong job is said to run still: {straggler:?}"),
        )?,
        None => ensure(stuck.done(), "the job still runs, and the shutdown does not say so")?,
    }
    gate.open();
    // Which outcome depends on whether this kind of work can be ended; that there is one does not.
    outcome(&mut stuck).map(|_| ())
}

pub(super) fn shutdown_twice(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    same("a job before the shutdown", output(&mut bench.try_submit(Work::value(3))?)?, 3)?;
    bench.shutdown(Drain::Queued, GRACE);
    let report = bench.shutdown(Drain::Started, GRACE);
    ensure(report.is_clean(), format!("the second shutdown reports: {report}"))
}

/// Seven works of which the fourth panics.
fn seven_one_failing() -> impl Iterator<Item = Work> {
    (0..7).map(|number| if number == 3 { Work::panic("the fourth") } else { Work::value(number) })
}

pub(super) fn map_order_and_errors(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let outcomes: Vec<_> = bench.map(seven_one_failing(), FIVE).blocking().collect();
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match (number, outcome) {
            (3, Err(JobError::Panicked(panic))) => same("the error", panic.message(), "the fourth")?,
            (3, other) => return Err(Miss::Fail(format!("the fourth, which panics, gave {other:?}"))),
            (_, outcome) => same("an item", outcome?, number as u64)?,
        }
    }
    Ok(())
}

pub(super) fn map_continues_after_error(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let after = bench.map(seven_one_failing(), TWO).blocking().skip(4);
    let after: Result<Vec<_>, _> = after.collect();
    same("the items after the error", after?, [4, 5, 6])
}

pub(super) fn map_timeout_and_drop_cancel_rest(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let (gate, mapped) = (Gate::new(), Gate::new());
    let _held = occupy(&bench, &gate, 0)?;
    let mut map = bench.map((0..20).map(|number| mapped.pass(number)), FIVE);
    let early = block_on_timeout(&mut map.next(), Duration::from_millis(1));
    ensure(early.is_none(), format!("busy workers gave {early:?}"))?;
    drop(map);
    gate.open();
    flush(&bench)?;
    same("what ran of a dropped map", mapped.numbers(), [0; 0])
}

pub(super) fn map_buffersize(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let mut pulled = 0_u64;
    let endless = std::iter::from_fn(|| {
        pulled += 1;
        Some(Work::value(pulled))
    });
    let taken: Result<Vec<_>, _> = bench.map(endless, TWO).blocking().take(10).collect();
    same("the first ten of endless input", taken?, (1..=10).collect::<Vec<_>>())?;
    ensure(pulled <= 12, format!("{pulled} items were pulled for ten results with two in flight"))
}

pub(super) fn no_reference_kept(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut jobs: Vec<_> = (0..5).map(|n| bench.try_submit(gate.pass(n))).collect::<Result<_, _>>()?;
    jobs.iter_mut().try_for_each(|job| output(job).map(|_| ()))?;
    ensure(gate.forgotten(), "work that has finished is still kept somewhere")
}

/// Work that awaits on the bench, and has begun to. Skips where work is a call.
fn parked(bench: &Bench, gate: &Gate) -> Result<Job<u64>, Miss> {
    if !bench.parks() {
        return Err(Miss::Skip("its work is a call, which can block but not await".to_owned()));
    }
    let job = bench.try_submit(gate.park(1))?;
    gate.arrived(1)?;
    Ok(job)
}

pub(super) fn parked_work_goes_on_when_woken(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut job = parked(&bench, &gate)?;
    same("work beside it", output(&mut bench.try_submit(Work::value(2))?)?, 2)?;
    same("running and done, of work that awaits", (job.running(), job.done()), (true, false))?;
    gate.open();
    same("its output", output(&mut job)?, 1)
}

pub(super) fn parked_work_is_dropped_at_the_close(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut job = parked(&bench, &gate)?;
    drop(bench);
    let ended = outcome(&mut job)?;
    ensure(
        matches!(ended, Err(JobError::Shutdown { started: true } | JobError::Cancelled { started: true })),
        format!("work that awaited when its executor was dropped gave {ended:?}"),
    )?;
    ensure(gate.forgotten(), "work that awaited is still kept somewhere")
}
