//! `gather`: several at once.

use super::{Loops, Trace, here, quiet_panic, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{Future, JoinError, gather, spawn, try_gather};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;

pub(super) fn results_in_argument_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let child = |number: usize| {
            let trace = trace.clone();
            async move {
                turns(4 - number).await;
                trace.note(number);
                number
            }
        };
        let results = gather((1..=3).map(child).collect::<Vec<_>>()).await?;
        same("the order of ending", trace.seen(), [3, 2, 1])?;
        same("the results", results, [1, 2, 3])?;
        same("the results of a pair", gather((async { 1 }, async { "two" })).await?, (1, "two"))?;
        let none: Vec<std::future::Ready<u8>> = Vec::new();
        same("the results of nothing", gather(none).await?.len(), 0)
    })
}

pub(super) fn first_error_leaves_siblings_running(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let reports = Trace::new();
        let handler = reports.clone();
        here().set_exception_handler(move |_, context| handler.note(context.to_string()));
        let sibling = trace.clone();
        let gathered = gather((
            async {
                turns(1).await;
                quiet_panic("the first to fail");
            },
            async move {
                turns(4).await;
                sibling.note("a sibling went on");
            },
            async {
                turns(4).await;
                quiet_panic("a later failure");
            },
        ));
        match gathered.await {
            Err(JoinError::Panicked(panic)) => same("the error", panic.message(), "the first to fail")?,
            other => return Err(Miss::Fail(format!("a gather with a failing child gave {other:?}"))),
        }
        same("what the sibling has done at the failure", trace.seen(), [""; 0])?;
        turns(6).await;
        same("what the sibling did", trace.seen(), ["a sibling went on"])?;

        let child = |number: usize| async move {
            turns(number).await;
            Err::<(), _>(number)
        };
        same("the first error in time", try_gather((child(3), child(1), child(2))).await?, Err(1))?;
        turns(6).await;
        same("the reports", reports.seen(), [""; 0])
    })
}

pub(super) fn collects_errors(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let child = |number: u32| async move {
            turns(1).await;
            if number == 2 { Err("the second") } else { Ok(number) }
        };
        let results = gather((1..=3).map(child).collect::<Vec<_>>()).await?;
        same("the results", results, [Ok(1), Err("the second"), Ok(3)])?;

        let tasks = [1, 2, 3].map(|number| spawn(child(number)));
        tasks[0].cancel("from outside");
        let results = gather(Vec::from(tasks)).await?;
        ensure(
            matches!(results[..], [Err(JoinError::Cancelled(_)), Ok(Err("the second")), Ok(Ok(3))]),
            format!("with a task that was cancelled: {results:?}"),
        )
    })
}

pub(super) fn child_cancel_is_an_error_not_a_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let ended = trace.clone();
        let child = spawn(pending::<()>());
        child.cancel("one child");
        let sibling = spawn(async move {
            turns(6).await;
            ended.note("a sibling went on");
        });
        match try_gather((child, sibling)).await? {
            Err(JoinError::Cancelled(reason)) => same("the reason", reason.as_str(), "one child")?,
            other => return Err(Miss::Fail(format!("a gather with a cancelled child gave {other:?}"))),
        }
        // Whoever awaits was not cancelled: it goes on.
        turns(8).await;
        same("what the sibling did", trace.seen(), ["a sibling went on"])
    })
}

pub(super) fn cancel_beats_return_exceptions(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let tasks: Vec<_> = (0..2).map(|_| spawn(pending::<()>())).collect();
        let outer = spawn(gather(tasks));
        turns(3).await;
        outer.cancel("all of them");
        let outcome = outer.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the outer task gave {outcome:?}"))
    })
}

pub(super) fn cancel_broadcasts(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let children: Vec<_> = (0..3)
            .map(|number| {
                let guard = trace.on_drop(number);
                async move {
                    let _guard = guard;
                    pending::<()>().await;
                }
            })
            .collect();
        let outer = spawn(async move { gather(children).await.is_ok() });
        turns(3).await;
        outer.cancel("all of them");
        let outcome = outer.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the outer task gave {outcome:?}"))?;
        turns(2).await;
        same("the children that were dropped", trace.seen(), [0, 1, 2])
    })
}

pub(super) fn cancel_after_last_child_refused(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let children = [Future::new(), Future::new()];
        let gathered = Rc::new(RefCell::new(gather(Vec::from(children.clone()))));
        let polled = gathered.clone();
        let awaiter =
            spawn(poll_fn(move |cx| std::future::Future::poll(Pin::new(&mut *polled.borrow_mut()), cx)));
        turns(3).await;
        for (number, child) in children.iter().enumerate() {
            child.set_result(number)?;
        }
        // In this turn the children end; whoever awaits them has been woken, and has not run.
        turns(1).await;
        ensure(!awaiter.done(), "the awaiter has run already")?;
        same("cancelling the awaiter", awaiter.cancel("too late for the children"), true)?;
        let outcome = awaiter.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the awaiter gave {outcome:?}"))?;
        let outputs =
            poll_fn(|cx| std::future::Future::poll(Pin::new(&mut *gathered.borrow_mut()), cx)).await?;
        let outputs = outputs.into_iter().collect::<Result<Vec<_>, _>>()?;
        same("what the gather gives to the next who asks", outputs, [0, 1])
    })
}
