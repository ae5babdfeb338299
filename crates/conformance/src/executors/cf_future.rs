//! `cf_future`: one job and its handle.

use super::{occupy, outcome, output};
use crate::behaviour::{Verdict, ensure, same};
use crate::run::soon;
use crate::{Executors, Gate, Miss, Subject, Work};
use contract::{Cancel, ExecutorExt, JobError, When, block_on_timeout, wait};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub(super) fn states(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut held = occupy(&bench, &gate, 0)?;
    same("running and done, of a job that waits", (held[0].running(), held[0].done()), (true, false))?;

    let mut queued = bench.try_submit(gate.pass(100))?;
    same("running and done, of a queued job", (queued.running(), queued.done()), (false, false))?;
    same("cancelling a queued job", queued.cancel(), Cancel::Dequeued)?;
    same("running and done, of a cancelled job", (queued.running(), queued.done()), (false, true))?;
    same("cancelling it again", queued.cancel(), Cancel::AlreadyDone)?;
    let ended = outcome(&mut queued)?;
    ensure(
        matches!(ended, Err(JobError::Cancelled { started: false })),
        format!("a job cancelled in the queue gave {ended:?}"),
    )?;

    gate.open();
    for job in &mut held {
        output(job)?;
        same("running and done, of a finished job", (job.running(), job.done()), (false, true))?;
    }
    // All workers have gone round: the cancelled job would have begun by now.
    output(&mut bench.try_submit(Work::value(0))?)?;
    ensure(!gate.numbers().contains(&100), "a job cancelled in the queue ran")
}

pub(super) fn blocking_result(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut held = bench.try_submit(gate.wait(1))?;
    gate.arrived(1)?;
    let early = held.wait_timeout(Duration::from_millis(1));
    ensure(early.is_none(), format!("a job that waits gave {early:?}"))?;
    let waiter = thread::spawn(move || held.wait());
    gate.open();
    same("a blocking wait", waiter.join().map(|ended| ended.ok()).ok(), Some(Some(1)))?;

    let failing = bench.try_submit(Work::panic("no luck"))?;
    let ended = thread::spawn(move || failing.wait()).join();
    ensure(matches!(ended, Ok(Err(JobError::Panicked(_)))), format!("waiting for a panic gave {ended:?}"))?;

    let gate = Gate::new();
    let _held = match occupy(&bench, &gate, 0) {
        // Without a queue there is no cancel that is sure to come in time.
        Err(Miss::Skip(_)) => return Ok(()),
        held => held?,
    };
    let mut queued = bench.try_submit(Work::value(2))?;
    let seen = thread::scope(|scope| {
        let waiter =
            scope.spawn(|| block_on_timeout(&mut wait(std::slice::from_ref(&queued), When::All), soon()));
        queued.cancel();
        waiter.join()
    });
    same("a wait that a cancel ends", seen.ok().flatten(), Some(vec![0]))?;
    let ended = outcome(&mut queued)?;
    ensure(matches!(ended, Err(JobError::Cancelled { .. })), format!("a cancelled job gave {ended:?}"))
}

pub(super) fn callbacks(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let job = bench.try_submit(gate.wait(1))?;
    gate.arrived(1)?;
    let (sender, receiver) = mpsc::channel();
    for number in 0..3 {
        let sender = sender.clone();
        job.on_done(move || {
            let _heard = sender.send(number);
            // Resumed rather than raised, so that nothing is printed about it.
            if number == 1 {
                std::panic::resume_unwind(Box::new("a callback that fails"));
            }
        });
    }
    ensure(receiver.try_recv().is_err(), "a callback ran before there was an outcome")?;
    gate.open();
    ensure(
        block_on_timeout(&mut wait(std::slice::from_ref(&job), When::All), soon()).is_some(),
        "the job did not end",
    )?;
    let order: Result<Vec<_>, _> = (0..3).map(|_| receiver.recv_timeout(soon())).collect();
    same("the callbacks", order.ok(), Some(vec![0, 1, 2]))?;
    let here = thread::current().id();
    job.on_done(move || {
        let _heard = sender.send(if thread::current().id() == here { 3 } else { 4 });
    });
    same("a late callback, run at once in the caller", receiver.try_recv().ok(), Some(3))?;
    ensure(receiver.try_recv().is_err(), "a callback ran twice")
}

pub(super) fn double_set(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let mut job = bench.try_submit(Work::value(5))?;
    let ended = block_on_timeout(&mut wait(std::slice::from_ref(&job), When::All), soon());
    ensure(ended.is_some(), "the job did not end")?;
    same("a cancel after the end", job.cancel(), Cancel::AlreadyDone)?;
    same("the outcome after a late cancel", output(&mut job)?, 5)
}
