//! `runner`: a loop's life.

pub(super) use super::interrupt::{first_interrupt_cancels_main, interrupt_subtleties};
use super::{GRACE, Loops, Trace, here, names, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Gate, Subject};
use contract::ExecutorExt;
use core_loop::{JoinError, Runner, TaskLocal, finally, spawn};
use std::future::pending;
use std::thread;
use std::time::Duration;

pub(super) fn value_error_and_fresh_loop(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    same("a value", runner.run(async { 5 })?, 5)?;
    same("an error", runner.run(async { Err::<(), _>("no luck") })?, Err("no luck"))?;
    let first = runner.get_loop().handle();
    runner.close(GRACE);
    ensure(first.is_closed(), "the loop is not closed after its run")?;
    let second = Runner::boxed(subject.fresh()?);
    ensure(!second.get_loop().handle().is_closed(), "a fresh loop is closed")
}

pub(super) fn teardown_order(subject: &Subject<Loops>) -> Verdict {
    let trace = Trace::new();
    let gate = Gate::new();
    let work = gate.wait(1);
    let mut runner = subject.runner()?;
    let (noting, held) = (trace.clone(), &gate);
    let pool_job = runner.run(async move {
        for name in ["one", "two"] {
            let (body, cleaned) = (noting.on_drop((name, "cancelled")), noting.clone());
            let task = finally(
                (),
                async move |()| {
                    let _body = body;
                    pending::<()>().await;
                },
                async move |()| {
                    turns(3).await;
                    cleaned.note((name, "cleaned up"));
                },
            );
            spawn(task).detach();
        }
        let job = core_loop::to_thread(move || work.perform());
        turns(2).await;
        held.arrived(1)?;
        noting.note(("main", "returned"));
        Ok::<_, crate::Miss>(job)
    })?;
    let pool_job = pool_job?;
    let report = thread::scope(|scope| {
        // The close waits for the pool; only then is the gate of its job opened.
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            gate.open();
        });
        runner.close(GRACE)
    });
    ensure(report.is_clean(), format!("the close reports: {report}"))?;
    same("tasks cancelled, as reported", report.cancelled, 2)?;
    let seen = trace.seen();
    same("first", seen.first().copied(), Some(("main", "returned")))?;
    same("then all cancels", &seen[1..3], &[("one", "cancelled"), ("two", "cancelled")][..])?;
    same("then the clean-ups", &seen[3..], &[("one", "cleaned up"), ("two", "cleaned up")][..])?;
    let outcome = contract::block_on(pool_job);
    same("the pool's job, which the close waited for", outcome.ok(), Some(1))
}

pub(super) fn many_runs_one_context(subject: &Subject<Loops>) -> Verdict {
    static NUMBER: TaskLocal<u32> = TaskLocal::new();
    let mut runner = subject.runner()?;
    let trace = Trace::new();
    let noting = trace.clone();
    let mut task = None;
    runner.run(async {
        NUMBER.set(1);
        task = Some(spawn(async move {
            noting.note("first run");
            turns(2).await;
            noting.note("second run");
            5
        }));
        turns(1).await;
    })?;
    same("what the task did in the first run", trace.seen(), ["first run"])?;
    let task = task.expect("the first run put it there");
    same("the task, awaited in the second run", runner.run(task)??, 5)?;
    same("what the first main set, in the third", runner.run(async { NUMBER.get() })?, Some(1))?;
    same("what the task did", trace.seen(), ["first run", "second run"])
}

pub(super) fn close_rules(subject: &Subject<Loops>) -> Verdict {
    let runner = subject.runner()?;
    let report = runner.close(Duration::ZERO);
    ensure(report.is_clean(), format!("closing a loop that never ran reports: {report}"))?;

    let mut runner = subject.runner()?;
    let trace = Trace::new();
    let guard = trace.on_drop("dropped at the close");
    let mut task = None;
    runner.run(async {
        let stubborn = finally(
            (),
            async move |()| {
                let _guard = guard;
                pending::<()>().await;
            },
            async |()| pending().await,
        );
        task = Some(spawn(stubborn).named("stubborn"));
        core_loop::Loop::current().set_exception_handler(|_, _| ());
        turns(2).await;
    })?;
    let report = runner.close(Duration::from_millis(10));
    same("what outlived the grace", names(&report.dropped), ["stubborn"])?;
    same("its future", trace.seen(), ["dropped at the close"])?;
    let mut task = std::pin::pin!(task.expect("the run put it there"));
    let outcome = task.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    match outcome {
        std::task::Poll::Ready(Err(JoinError::Shutdown | JoinError::Cancelled(_))) => Ok(()),
        other => Err(crate::Miss::Fail(format!("a task of a closed loop gives {other:?}"))),
    }
}

pub(super) fn steady_callbacks_do_not_keep_the_close(subject: &Subject<Loops>) -> Verdict {
    /// Sends itself to the loop again, and leaves a task that never ends there each time.
    fn steady(handle: core_loop::LoopHandle) {
        let again = handle.clone();
        let _closed = handle.call_soon_threadsafe(move || {
            spawn(pending::<()>()).detach();
            steady(again);
        });
    }
    let mut runner = subject.runner()?;
    runner.run(async {
        steady(here().handle());
        turns(2).await;
    })?;
    // Far longer than a behaviour may take.
    let report = runner.close(super::NEVER);
    ensure(report.cancelled > 0 && !report.dropped.is_empty(), format!("the close reports: {report}"))
}

pub(super) fn a_closed_loop_starts_no_executor(subject: &Subject<Loops>) -> Verdict {
    let refuses = |lp: &core_loop::Loop| {
        let work: core_loop::BoxedWork = Box::new(|| ());
        let refused = lp.default_executor().try_submit(work);
        matches!(refused, Err(refused) if matches!(refused.why, contract::Reject::ShuttingDown))
    };
    let mut runner = subject.runner()?;
    let lp = runner.get_loop().clone();
    let report = runner.run(async {
        let report = here().shutdown_default_executor(super::GRACE).await;
        (report.is_clean(), refuses(&here()), core_loop::to_thread(|| ()).await.is_err())
    })?;
    same("one that was never used, shut down", report, (true, true, true))?;
    runner.close(super::GRACE);
    ensure(refuses(&lp), "the closed loop gave an executor that takes work")
}
