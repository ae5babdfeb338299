//! `lock`: turns at a [`Lock`].

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, same};
use core_loop::{Task, spawn};
use std::rc::Rc;
use sync_primitives::Lock;

/// A task that takes the lock, notes its name, and gives the lock back a turn later.
fn taker(lock: &Rc<Lock<()>>, trace: &Trace<&'static str>, name: &'static str) -> Task<()> {
    let (lock, trace) = (lock.clone(), trace.clone());
    spawn(async move {
        let _guard = lock.lock().await;
        trace.note(name);
        turns(1).await;
    })
}

pub(super) fn fifo(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (lock, trace) = (Rc::new(Lock::new(())), Trace::new());
        let held = lock.lock().await;
        let takers = ["a", "b", "c"].map(|name| taker(&lock, &trace, name));
        turns(2).await;
        same("who had it while it was held", trace.seen(), [""; 0])?;
        drop(held);
        for taker in takers {
            taker.await?;
        }
        same("who had it", trace.seen(), ["a", "b", "c"])
    })
}

pub(super) fn no_barging(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (lock, trace) = (Rc::new(Lock::new(())), Trace::new());
        let held = lock.lock().await;
        let waiter = taker(&lock, &trace, "the waiter");
        turns(2).await;
        drop(held);
        same("whether a newcomer gets it at once", lock.try_lock().is_some(), false)?;
        let again = lock.lock().await;
        trace.note("the newcomer");
        drop(again);
        waiter.await?;
        same("who had it", trace.seen(), ["the waiter", "the newcomer"])
    })
}

pub(super) fn cancel_then_release_same_tick(subject: &Subject<Loops>) -> Verdict {
    in_one_step(subject, |waiter, release| {
        waiter.cancel("not needed");
        release();
    })
}

pub(super) fn release_then_cancel_same_tick(subject: &Subject<Loops>) -> Verdict {
    in_one_step(subject, |waiter, release| {
        release();
        waiter.cancel("not needed");
    })
}

/// One waiter is cancelled and the lock released in one step: the next waiter must get it.
fn in_one_step(subject: &Subject<Loops>, step: fn(&Task<()>, &mut dyn FnMut())) -> Verdict {
    subject.run(async || {
        let (lock, trace) = (Rc::new(Lock::new(())), Trace::new());
        let mut held = Some(lock.lock().await);
        let cancelled = taker(&lock, &trace, "the cancelled one");
        let next = taker(&lock, &trace, "the next one");
        turns(2).await;
        step(&cancelled, &mut || drop(held.take()));
        next.await?;
        same("who had it", trace.seen(), ["the next one"])?;
        same("whether it is free in the end", lock.try_lock().is_some(), true)
    })
}
