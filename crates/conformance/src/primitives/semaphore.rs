//! `semaphore`: turns at several permits.

use super::stage::{Actor, Stage, turns};
use super::{AnySemaphore, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::rc::Rc;

/// Somebody who takes a permit, notes its name, and keeps the permit for a turn, `rounds` times over.
fn taker(
    stage: &Stage,
    semaphore: &Rc<dyn AnySemaphore>,
    trace: &Trace<&'static str>,
    name: &'static str,
    rounds: usize,
) -> Actor {
    let (semaphore, trace) = (semaphore.clone(), trace.clone());
    stage.spawn(async move {
        for _ in 0..rounds {
            let permit = semaphore.acquire().await;
            trace.note(name);
            turns(1).await;
            drop(permit);
        }
    })
}

pub(super) fn fifo_round_robin(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (semaphore, trace) = (stage.semaphore(1)?, Trace::new());
        let takers = ["c1", "c2", "c3"].map(|name| taker(stage, &semaphore, &trace, name, 2));
        for taker in takers {
            taker.ended().await?;
        }
        same("who had the permit", trace.seen(), ["c1", "c2", "c3", "c1", "c2", "c3"])
    })
}

pub(super) fn no_barging(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (semaphore, trace) = (stage.semaphore(1)?, Trace::new());
        let held = semaphore.acquire().await;
        let waiters = ["a", "b"].map(|name| taker(stage, &semaphore, &trace, name, 1));
        turns(2).await;
        drop(held);
        let again = semaphore.acquire().await;
        trace.note("the holder again");
        drop(again);
        for waiter in waiters {
            waiter.ended().await?;
        }
        same("who had the permit", trace.seen(), ["a", "b", "the holder again"])
    })
}

pub(super) fn locked_while_waiters_pending(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (semaphore, trace) = (stage.semaphore(0)?, Trace::new());
        let waiter = taker(stage, &semaphore, &trace, "the waiter", 1);
        turns(2).await;
        semaphore.release();
        same("locked, before the woken waiter has run", semaphore.locked(), true)?;
        same("whether a newcomer gets the permit", semaphore.try_acquire().is_some(), false)?;
        waiter.ended().await?;
        same("locked, after the waiter was served", semaphore.locked(), false)
    })
}

pub(super) fn cancel_after_handover(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (semaphore, trace) = (stage.semaphore(0)?, Trace::new());
        let cancelled = taker(stage, &semaphore, &trace, "the cancelled one", 1);
        let next = taker(stage, &semaphore, &trace, "the next one", 1);
        turns(2).await;
        semaphore.release();
        cancelled.cancel();
        next.ended().await?;
        same("who had the permit", trace.seen(), ["the next one"])?;
        same("permits in the end", semaphore.available(), 1)
    })
}

pub(super) fn cancel_before_handover(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (semaphore, trace) = (stage.semaphore(0)?, Trace::new());
        let names = ["first", "second", "third", "fourth"];
        let waiters = names.map(|name| {
            let (semaphore, trace) = (semaphore.clone(), trace.clone());
            stage.spawn(async move {
                let permit = semaphore.acquire().await;
                trace.note(name);
                permit.forget();
            })
        });
        turns(2).await;
        waiters[0].cancel();
        waiters[1].cancel();
        turns(2).await;
        semaphore.release();
        turns(3).await;
        same("who had the permit", trace.seen(), ["third"])?;
        same("whether the fourth waits", waiters[3].done(), false)
    })
}

pub(super) fn bounded_over_release(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let semaphore = stage.bounded_semaphore(1)?;
        same("a release at the bound", semaphore.release().is_err(), true)?;
        same("permits after that", semaphore.available(), 1)?;
        same("taking one", (semaphore.take(), semaphore.available()), (true, 0))?;
        same("taking another", semaphore.take(), false)?;
        same("a release of what was taken", semaphore.release().is_ok(), true)?;
        same("another", semaphore.release().is_err(), true)?;
        same("permits in the end", semaphore.available(), 1)
    })
}
