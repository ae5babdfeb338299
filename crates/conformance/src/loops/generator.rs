//! `generator`: who ends a generator that stands half way.

use super::{GRACE, Loops, Trace, here, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::stream::{Generator, generate};
use core_loop::{finally, spawn, yield_now};
use std::future::pending;

/// Yields once; cleans up with an await when it is ended there.
fn careful(trace: &Trace<&'static str>, name: &'static str) -> Generator<'static, u32> {
    let cleaning = trace.clone();
    generate(async move |y| {
        let body = async |_: &mut ()| {
            y.yield_(1).await;
            pending::<()>().await;
        };
        let clean_up = async move |()| {
            turns(2).await;
            cleaning.note(name);
        };
        finally((), body, clean_up).await;
    })
}

pub(super) fn closed_with_its_loop(subject: &Subject<Loops>) -> Verdict {
    let trace = Trace::new();
    let mut runner = subject.runner()?;
    runner.run(async {
        // In a task; and in another generator in a task, which is asked through it.
        let (noting, nesting) = (trace.clone(), trace.clone());
        spawn(async move {
            let mut held = careful(&noting, "of a task");
            while held.next().await.is_some() {}
        })
        .detach();
        spawn(async move {
            let mut outer = generate(async move |y| {
                let mut inner = careful(&nesting, "in another");
                while let Some(item) = inner.next().await {
                    y.yield_(item).await;
                }
            });
            while outer.next().await.is_some() {}
        })
        .detach();
        turns(2).await;
        let mut of_main = careful(&trace, "of main");
        same("the first item", of_main.next().await, Some(1))
    })??;
    same("what was cleaned up when main had ended", trace.seen(), ["of main"])?;
    let report = runner.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))?;
    same("what was cleaned up by the close", trace.seen(), ["of main", "of a task", "in another"])
}

pub(super) fn of_a_stopped_main_is_closed_too(subject: &Subject<Loops>) -> Verdict {
    let trace = Trace::new();
    let noting = trace.clone();
    let mut runner = subject.runner()?;
    let mut main = runner.get_loop().spawn(async move {
        let mut held = careful(&noting, "of main");
        while held.next().await.is_some() {
            here().stop();
        }
    });
    let stopped = runner.run_until_complete(&mut main);
    ensure(stopped.is_err() && trace.seen().is_empty(), format!("a main that was stopped gave {stopped:?}"))?;
    let report = runner.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))?;
    same("what was cleaned up by the close", trace.seen(), ["of main"])
}

pub(super) fn kept_outside_the_tasks_ends_with_its_owner(subject: &Subject<Loops>) -> Verdict {
    let (trace, guards) = (Trace::new(), Trace::new());
    let mut runner = subject.runner()?;
    let kept = runner.run(async {
        let guard = guards.on_drop("its destructors");
        let mut inner = careful(&trace, "its clean-up");
        let mut kept = generate(async move |y| {
            let _guard = guard;
            while let Some(item) = inner.next().await {
                y.yield_(item).await;
            }
        });
        same("the first item", kept.next().await, Some(1))?;
        yield_now().await;
        Ok::<_, crate::Miss>(kept)
    })??;
    let report = runner.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))?;
    same("what the close did to it", guards.seen(), [""; 0])?;
    drop(kept);
    same(
        "what its drop ran, after the close",
        (guards.seen(), trace.seen()),
        (vec!["its destructors"], vec![]),
    )?;
    // Whoever wants its clean-ups ends it by name, in a task.
    let mut runner = subject.runner()?;
    runner.run(async {
        let mut kept = careful(&trace, "its clean-up");
        same("the first item", kept.next().await, Some(1))?;
        kept.close().await;
        same("what a close by name waited for", trace.seen(), ["its clean-up"])
    })?
}
