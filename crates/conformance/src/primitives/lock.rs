//! `lock`: turns at a lock.

use super::stage::{Actor, Stage, turns};
use super::{AnyLock, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::rc::Rc;

/// Somebody who takes the lock, notes its name, and gives the lock back a turn later.
fn taker(stage: &Stage, lock: &Rc<dyn AnyLock>, trace: &Trace<&'static str>, name: &'static str) -> Actor {
    let (lock, trace) = (lock.clone(), trace.clone());
    stage.spawn(async move {
        let _guard = lock.lock().await;
        trace.note(name);
        turns(1).await;
    })
}

pub(super) fn fifo(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (lock, trace) = (stage.lock()?, Trace::new());
        let held = lock.lock().await;
        let takers = ["a", "b", "c"].map(|name| taker(stage, &lock, &trace, name));
        turns(2).await;
        same("who had it while it was held", trace.seen(), [""; 0])?;
        drop(held);
        for taker in takers {
            taker.ended().await?;
        }
        same("who had it", trace.seen(), ["a", "b", "c"])
    })
}

pub(super) fn no_barging(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (lock, trace) = (stage.lock()?, Trace::new());
        let held = lock.lock().await;
        let waiter = taker(stage, &lock, &trace, "the waiter");
        turns(2).await;
        drop(held);
        same("whether a newcomer gets it at once", lock.try_lock().is_some(), false)?;
        let again = lock.lock().await;
        trace.note("the newcomer");
        drop(again);
        waiter.ended().await?;
        same("who had it", trace.seen(), ["the waiter", "the newcomer"])
    })
}

pub(super) fn cancel_then_release_same_tick(subject: &Subject<Primitives>) -> Verdict {
    in_one_step(subject, |waiter, release| {
        waiter.cancel();
        release();
    })
}

pub(super) fn release_then_cancel_same_tick(subject: &Subject<Primitives>) -> Verdict {
    in_one_step(subject, |waiter, release| {
        release();
        waiter.cancel();
    })
}

/// One waiter is cancelled and the lock released in one step: the next waiter must get it.
fn in_one_step(subject: &Subject<Primitives>, step: fn(&Actor, &mut dyn FnMut())) -> Verdict {
    subject.play(async |stage| {
        let (lock, trace) = (stage.lock()?, Trace::new());
        let mut held = Some(lock.lock().await);
        let cancelled = taker(stage, &lock, &trace, "the cancelled one");
        let next = taker(stage, &lock, &trace, "the next one");
        turns(2).await;
        step(&cancelled, &mut || drop(held.take()));
        next.ended().await?;
        same("who had it", trace.seen(), ["the next one"])?;
        same("whether it is free in the end", lock.try_lock().is_some(), true)
    })
}
