//! `wait_for`: what becomes of the inner task and its clean-ups.

use super::{Loops, NEVER, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{Elapsed, JoinError, finally, spawn, timeout};
use std::future::pending;
use std::time::Duration;

pub(super) fn waits_for_cleanup(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let cleaned = trace.clone();
        let inner = finally(
            (),
            async |()| pending::<()>().await,
            async move |()| {
                core_loop::sleep(Duration::from_millis(3)).await;
                cleaned.note("cleaned up");
            },
        );
        same("the timeout", timeout(Duration::from_millis(2), inner).await, Err(Elapsed))?;
        same("what has happened when it says so", trace.seen(), ["cleaned up"])
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
            timeout(NEVER, inner).await.is_ok()
        });
        turns(3).await;
        outer.cancel("both");
        let outcome = outer.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the outer task gave {outcome:?}"))?;
        turns(2).await;
        same("what was dropped", trace.seen(), ["the inner task's future"])
    })
}
