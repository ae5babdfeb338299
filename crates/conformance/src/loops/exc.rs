//! `exc`: what goes wrong where nobody waits for it.

use super::{Loops, Trace, here, names, quiet_panic, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::DebugReport;
use std::time::Duration;

/// Has every report to the exception handler noted: the panic's message and the task's name.
fn noted() -> Trace<(String, Option<String>)> {
    let trace = Trace::new();
    let reports = trace.clone();
    here().set_exception_handler(move |_, context| {
        let message = context.panic.map_or_else(String::new, |panic| panic.message().to_owned());
        reports.note((message, context.task.as_ref().map(|task| task.name.clone())));
    });
    trace
}

/// A report of a panic that happened in no task.
fn report(message: &str) -> (String, Option<String>) {
    (message.to_owned(), None)
}

pub(super) fn callback_failure_keeps_loop_alive(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = noted();
        let trace = Trace::new();
        here().call_soon(|| quiet_panic("a callback"));
        here().call_soon(trace.noting("the next callback"));
        here().call_later(Duration::from_millis(1), || quiet_panic("a timer"));
        core_loop::sleep(Duration::from_millis(5)).await;
        same("what ran beside them", trace.seen(), ["the next callback"])?;
        same("the reports", reports.seen(), [report("a callback"), report("a timer")])
    })
}

pub(super) fn custom_handler_and_reset(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = noted();
        here().call_soon(|| quiet_panic("first"));
        turns(2).await;
        same("the report to the handler", reports.seen(), [report("first")])?;
        here().reset_exception_handler();
        let task = core_loop::spawn(async { quiet_panic("second") });
        task.detach();
        turns(3).await;
        same("the reports, after the handler was reset", reports.seen(), [report("first")])
    })
}

pub(super) fn failing_handler_falls_back(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        here().set_exception_handler(move |_, _| {
            told.note("the handler");
            quiet_panic("the handler fails as well");
        });
        here().call_soon(|| quiet_panic("a callback"));
        here().call_soon(trace.noting("the next callback"));
        turns(3).await;
        same("what happened", trace.seen(), ["the handler", "the next callback"])
    })
}

pub(super) fn unobserved_task_error_reported_once(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = noted();
        let dropped_before = core_loop::spawn(async { quiet_panic("dropped before") }).named("early");
        dropped_before.detach();
        let dropped_after = core_loop::spawn(async { quiet_panic("dropped after") }).named("late");
        turns(3).await;
        ensure(dropped_after.done(), "the task has not ended")?;
        drop(dropped_after);
        turns(3).await;
        let wanted = [("dropped before", "early"), ("dropped after", "late")]
            .map(|(message, task)| (message.to_owned(), Some(task.to_owned())));
        same("the reports", reports.seen(), wanted)
    })
}

pub(super) fn observed_or_cancelled_not_reported(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = noted();
        let observed = core_loop::spawn(async { quiet_panic("observed") }).await;
        ensure(observed.is_err(), "a task that panics gave an output")?;
        let cancelled = core_loop::spawn(std::future::pending::<()>());
        turns(1).await;
        cancelled.cancel("not needed");
        drop(cancelled);
        turns(3).await;
        same("the number of reports", reports.seen().len(), 0)?;
        let [looked_at, refused] = [(); 2].map(|()| core_loop::spawn(async { quiet_panic("seen") }));
        turns(1).await;
        ensure(looked_at.result().is_some_and(|outcome| outcome.is_err()), "it has not failed")?;
        same("a cancel of a task that has failed", refused.cancel("not needed"), false)?;
        drop((looked_at, refused));
        same("the number of reports", reports.seen().len(), 0)
    })
}

pub(super) fn unread_error_reported_in_debug_mode(subject: &Subject<Loops>) -> Verdict {
    type Output = Result<(), &'static str>;
    let (mut runner, _told) = super::debug::debugged(subject, super::NEVER)?;
    runner.run(async {
        let trace = Trace::new();
        let reports = trace.clone();
        here().set_exception_handler(move |_, context| {
            let error = context.error.and_then(|error| error.downcast_ref::<Output>()).copied();
            reports.note((context.task.as_ref().map(|task| task.name.clone()), error));
        });
        let fails = |name| core_loop::spawn(async { Output::Err("no luck") }).named(name);
        fails("detached").detach();
        let [late, looked_at] = [fails("late"), fails("looked at")];
        core_loop::spawn(async { Output::Ok(()) }).detach();
        same("an error that is read", fails("awaited").await?, Err("no luck"))?;
        turns(2).await;
        ensure(matches!(looked_at.result(), Some(Ok(Err("no luck")))), "the error is not there")?;
        drop((late, looked_at));
        let wanted = ["detached", "late"].map(|name| (Some(name.to_owned()), Some(Output::Err("no luck"))));
        same("the reports", trace.seen(), wanted)
    })?
}

pub(super) fn destroyed_pending_task_reported(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, told) = super::debug::debugged(subject, super::NEVER)?;
    runner.run(async {
        let pending = core_loop::finally(
            (),
            async |()| std::future::pending::<()>().await,
            // Longer than any close waits.
            async |()| std::future::pending().await,
        );
        core_loop::spawn(pending).named("pending").detach();
        turns(1).await;
    })?;
    let report = runner.close(Duration::ZERO);
    same("what the close has dropped", names(&report.dropped), ["pending"])?;
    let destroyed = told.try_iter().filter_map(|report| match report {
        DebugReport::DestroyedPending { task, .. } => Some(task.name),
        _ => None,
    });
    same("the reports", destroyed.collect::<Vec<_>>(), ["pending"])
}
