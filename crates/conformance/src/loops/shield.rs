//! `shield`: what a cancel of the awaiter does not reach.

use super::{Loops, Trace, here, quiet_panic, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{Future, JoinError, Waitable, gather, shield, spawn};

fn cancelled<T: std::fmt::Debug>(outcome: Result<T, JoinError>) -> Verdict {
    ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("a cancelled task gave {outcome:?}"))
}

pub(super) fn outer_cancel_spares_inner(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut inner = spawn(async {
            turns(4).await;
            5
        });
        let trace = Trace::new();
        let ended = trace.clone();
        let outer = spawn(shield(async move {
            turns(4).await;
            ended.note("the inner one ended");
        }));
        turns(2).await;
        outer.cancel("only the outer one");
        cancelled(outer.await)?;
        same(
            "a shield that is dropped",
            core_loop::timeout(std::time::Duration::ZERO, (&mut inner).shield()).await.is_err(),
            true,
        )?;
        same("the inner output", inner.await?, 5)?;
        turns(4).await;
        same("what happened", trace.seen(), ["the inner one ended"])
    })
}

pub(super) fn inner_cancel_cancels_outer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = Future::<()>::new();
        let outer = spawn(inner.clone().shield());
        turns(1).await;
        inner.cancel("inside");
        match outer.await? {
            Err(JoinError::Cancelled(reason)) => same("the reason", reason.as_str(), "inside"),
            other => Err(Miss::Fail(format!("the shield of a cancelled future gave {other:?}"))),
        }
    })
}

pub(super) fn gather_both_ways(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let child = |number: usize| {
            let trace = trace.clone();
            async move {
                turns(5).await;
                trace.note(number);
            }
        };
        let around = spawn(shield(gather((child(1), child(2)))));
        let among = spawn(gather((shield(child(3)), shield(child(4)))));
        turns(3).await;
        around.cancel("the shield");
        among.cancel("the shields");
        cancelled(around.await)?;
        cancelled(among.await)?;
        turns(8).await;
        same("the children that ended", trace.seen(), [1, 2, 3, 4])
    })
}

pub(super) fn abandoned_inner_error_reported_once(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = Trace::new();
        let handler = reports.clone();
        here().set_exception_handler(move |_, context| handler.note(context.to_string()));
        for fails in [false, true] {
            let outer = spawn(shield(async move {
                turns(3).await;
                if fails {
                    quiet_panic("nobody waits");
                }
            }));
            turns(2).await;
            outer.cancel("gone");
            cancelled(outer.await)?;
            turns(5).await;
            same("how many reports there are", reports.seen().len(), usize::from(fails))?;
        }
        let seen = reports.seen().concat();
        ensure(seen.contains("nobody waits"), format!("the report was: {seen}"))
    })
}
