//! `wait_for`: what becomes of the inner task and its clean-ups.

use super::{Loops, NEVER, Trace, here, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{
    Elapsed, Future, JoinError, cancellable, finally, spawn, spawn_cooperative, timeout, wait_for,
};
use std::future::pending;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

pub(super) fn waits_for_cleanup(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let inner = || {
            let cleaned = trace.clone();
            finally(
                (),
                async |()| pending::<()>().await,
                async move |()| {
                    core_loop::sleep(Duration::from_millis(3)).await;
                    cleaned.note("cleaned up");
                },
            )
        };
        let outcome = wait_for(MS * 2, spawn(inner())).await;
        ensure(matches!(outcome, Err(Elapsed)), format!("a wait for a task gave {outcome:?}"))?;
        same("what has happened when it says so", trace.seen(), ["cleaned up"])?;
        trace.clear();
        same("the timeout of a plain future", timeout(MS * 2, inner()).await, Err(Elapsed))?;
        same("what has happened when it says so", trace.seen(), ["cleaned up"])
    })
}

pub(super) fn inner_outcome_beats_timeout(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let swallows = spawn_cooperative(async {
            let asked = cancellable(pending::<()>()).await.is_err();
            turns(2).await;
            Ok((asked, 42))
        });
        same("what a task that swallows the cancel gives", wait_for(MS * 2, swallows).await??, (true, 42))?;
        let fails = spawn_cooperative(async {
            let asked = cancellable(pending::<()>()).await;
            turns(2).await;
            Ok(asked.map_err(|_| "in the clean-up"))
        });
        let outcome = wait_for(MS * 2, fails).await??;
        same("what a task gives that fails in its clean-up", outcome, Err("in the clean-up"))
    })
}

pub(super) fn zero_never_starts(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let began = trace.clone();
        let outcome = wait_for(Duration::ZERO, spawn(async move { began.note("began") })).await;
        ensure(matches!(outcome, Err(Elapsed)), format!("no time gave {outcome:?}"))?;
        turns(2).await;
        same("what happened", trace.seen(), [""; 0])
    })
}

pub(super) fn zero_with_done_future(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let future = Future::new();
        future.set_result(5)?;
        same("a future that is done", wait_for(Duration::ZERO, future).await??, 5)?;
        let task = spawn(async { 7 });
        turns(1).await;
        same("a task that is done", wait_for(Duration::ZERO, task).await??, 7)
    })
}

pub(super) fn outer_cancel_not_swallowed_when_inner_just_done(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = Future::new();
        let outer = spawn(wait_for(NEVER, inner.clone()));
        turns(1).await;
        inner.set_result(5)?;
        same("cancelling the outer one", outer.cancel("just then"), true)?;
        let outcome = outer.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the outer task gave {outcome:?}"))?;
        same("the inner value", *inner.result()?, 5)
    })
}

pub(super) fn result_in_the_turn_of_the_deadline_loses(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = Future::new();
        let (set, blocking) = (inner.clone(), subject.clone());
        here().call_soon(move || {
            blocking.let_time_pass(MS * 10);
            drop(set.set_result(5));
        });
        let outcome = wait_for(MS * 2, inner.clone()).await;
        ensure(matches!(outcome, Err(Elapsed)), format!("a wait gave {outcome:?}"))?;
        same("the value that was too late", *inner.result()?, 5)
    })
}

pub(super) fn outer_cancel_cancels_inner(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let guard = trace.on_drop("the inner task's future");
        let outer = spawn(async move {
            let inner = spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            wait_for(NEVER, inner).await.is_ok()
        });
        turns(3).await;
        outer.cancel("both");
        let outcome = outer.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the outer task gave {outcome:?}"))?;
        same("what was dropped when it says so", trace.seen(), ["the inner task's future"])
    })
}
