//! `semaphore`: turns at several permits.

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, same};
use core_loop::{Task, spawn};
use std::rc::Rc;
use sync_primitives::Semaphore;

/// A task that takes a permit, notes its name, and keeps the permit for a turn, `rounds` times over.
fn taker(
    semaphore: &Rc<Semaphore>,
    trace: &Trace<&'static str>,
    name: &'static str,
    rounds: usize,
) -> Task<()> {
    let (semaphore, trace) = (semaphore.clone(), trace.clone());
    spawn(async move {
        for _ in 0..rounds {
            let permit = semaphore.acquire().await;
            trace.note(name);
            turns(1).await;
            drop(permit);
        }
    })
}

pub(super) fn fifo_round_robin(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (semaphore, trace) = (Rc::new(Semaphore::new(1)), Trace::new());
        let takers = ["c1", "c2", "c3"].map(|name| taker(&semaphore, &trace, name, 2));
        for taker in takers {
            taker.await?;
        }
        same("who had the permit", trace.seen(), ["c1", "c2", "c3", "c1", "c2", "c3"])
    })
}

pub(super) fn no_barging(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (semaphore, trace) = (Rc::new(Semaphore::new(1)), Trace::new());
        let held = semaphore.acquire().await;
        let waiters = ["a", "b"].map(|name| taker(&semaphore, &trace, name, 1));
        turns(2).await;
        drop(held);
        let again = semaphore.acquire().await;
        trace.note("the holder again");
        drop(again);
        for waiter in waiters {
            waiter.await?;
        }
        same("who had the permit", trace.seen(), ["a", "b", "the holder again"])
    })
}

pub(super) fn locked_while_waiters_pending(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (semaphore, trace) = (Rc::new(Semaphore::new(0)), Trace::new());
        let waiter = taker(&semaphore, &trace, "the waiter", 1);
        turns(2).await;
        semaphore.release();
        same("locked, before the woken waiter has run", semaphore.locked(), true)?;
        same("whether a newcomer gets the permit", semaphore.try_acquire().is_some(), false)?;
        waiter.await?;
        same("locked, after the waiter was served", semaphore.locked(), false)
    })
}

pub(super) fn cancel_after_handover(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (semaphore, trace) = (Rc::new(Semaphore::new(0)), Trace::new());
        let cancelled = taker(&semaphore, &trace, "the cancelled one", 1);
        let next = taker(&semaphore, &trace, "the next one", 1);
        turns(2).await;
        semaphore.release();
        cancelled.cancel("not needed");
        next.await?;
        same("who had the permit", trace.seen(), ["the next one"])?;
        same("permits in the end", semaphore.available(), 1)
    })
}

pub(super) fn cancel_before_handover(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (semaphore, trace) = (Rc::new(Semaphore::new(0)), Trace::new());
        let names = ["first", "second", "third", "fourth"];
        let waiters = names.map(|name| {
            let (semaphore, trace) = (semaphore.clone(), trace.clone());
            spawn(async move {
                let permit = semaphore.acquire().await;
                trace.note(name);
                permit.forget();
            })
        });
        turns(2).await;
        waiters[0].cancel("not needed");
        waiters[1].cancel("not needed");
        turns(2).await;
        semaphore.release();
        turns(3).await;
        same("who had the permit", trace.seen(), ["third"])?;
        same("whether the fourth waits", waiters[3].done(), false)
    })
}
