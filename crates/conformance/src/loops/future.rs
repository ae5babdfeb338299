//! `Future`: set once, awaited by many.

use super::{Loops, NEVER, Trace, here, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use contract::{Job, JobError, Place, Submit};
use core_loop::{Future, JoinError, spawn, wrap_future};
use std::time::Duration;

pub(super) fn single_assignment(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let future = Future::new();
        ensure(future.result().is_err(), "reading a pending future gave something")?;
        future.set_result(1)?;
        same(
            "what a second set gives back",
            future.set_result(2).map_err(|refused| refused.into_inner()),
            Err(2),
        )?;
        same("a cancel after the set", future.cancel("late"), false)?;
        same("the output", *future.result()?, 1)?;

        let failed = Future::<Result<u8, &str>>::new();
        failed.set_exception("failed")?;
        same("the exception", failed.exception()?.copied(), Some("failed"))?;
        ensure(failed.set_result(Ok(1)).is_err(), "a failed future was set")?;

        let cancelled = Future::new();
        same("cancelling a pending one", cancelled.cancel("enough"), true)?;
        same("cancelling it again", cancelled.cancel("again"), false)?;
        ensure(cancelled.set_result(1).is_err(), "a cancelled future was set")
    })
}

pub(super) fn callbacks_deferred_in_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (trace, future) = (Trace::new(), Future::new());
        for number in 1..=2 {
            future.add_done_callback(trace.noting(number));
        }
        let removed = future.add_done_callback(trace.noting(3));
        removed.cancel();
        future.add_done_callback(trace.noting(4));
        future.set_result(())?;
        same("what ran inside the set", trace.seen(), [0; 0])?;
        turns(1).await;
        same("the callbacks", trace.seen(), [1, 2, 4])
    })
}

pub(super) fn callback_on_done_is_deferred_too(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (trace, future) = (Trace::new(), Future::new());
        future.set_result(())?;
        future.add_done_callback(trace.noting(1));
        same("what ran inside the call", trace.seen(), [0; 0])?;
        turns(1).await;
        same("the callbacks", trace.seen(), [1])
    })
}

pub(super) fn late_set_after_cancel_is_silent(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = Trace::new();
        let handler = reports.clone();
        here().set_exception_handler(move |_, context| handler.note(context.to_string()));
        let future = Future::new();
        let late = future.clone();
        here().call_later(Duration::from_millis(1), move || drop(late.set_result("late")));
        future.cancel("nobody waits");
        core_loop::sleep(Duration::from_millis(5)).await;
        ensure(future.cancelled(), "a late set changed a cancelled future")?;
        same("the reports", reports.seen(), [""; 0])
    })
}

pub(super) fn await_done_does_not_yield(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (trace, mut future) = (Trace::new(), Future::new());
        future.set_result(5)?;
        here().call_soon(trace.noting("a turn was given up"));
        same("the first await", (&mut future).await?, 5)?;
        same("the second await", future.await?, 5)?;
        same("what ran meanwhile", trace.seen(), [""; 0])
    })
}

pub(super) fn wrap_cancels_both_ways(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
        let outer = wrap_future(job);
        turns(1).await;
        outer.cancel("both");
        cancelled(outer.await)?;
        same("whether the inner one still waits to run", promise.is_queued(), false)?;

        let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
        let outer = wrap_future(job);
        turns(1).await;
        same("whether the inner one may start", promise.start(), true)?;
        let over = promise.watch();
        promise.finish(Ok(5));
        same("cancelling the outer one", outer.cancel("only the outer one"), true)?;
        same("whether the inner one is finished", over.is_over(), true)?;
        cancelled(outer.await)
    })
}

fn cancelled(outcome: Result<Result<u8, JobError>, JoinError>) -> Verdict {
    ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("a cancelled task gave {outcome:?}"))
}

pub(super) fn set_from_another_thread(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (promise, future) = Future::promise();
        let waiters = [future.clone(), future].map(spawn);
        let outside = core_loop::outside();
        let thread = std::thread::spawn(move || {
            let set = promise.set_result("from a thread").is_ok();
            drop(outside);
            set
        });
        for waiter in waiters {
            same("what an awaiter got", waiter.await??, "from a thread")?;
        }
        ensure(thread.join().unwrap_or(false), "the promise was refused")?;
        let (promise, future) = Future::<u8>::promise();
        let outside = core_loop::outside();
        std::thread::spawn(move || {
            drop(promise);
            drop(outside);
        });
        match core_loop::timeout(NEVER, future).await? {
            Err(JoinError::Cancelled(_)) => Ok(()),
            other => Err(Miss::Fail(format!("a future whose promise was dropped gave {other:?}"))),
        }
    })
}
