//! `condition`: who is notified, and who has the lock then.

use super::stage::{Actor, Stage, turns};
use super::{AnyCondition, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::cell::Cell;
use std::rc::Rc;
use sync_primitives::Event;

/// Somebody who waits once, and notes its name.
fn waiter(
    stage: &Stage,
    condition: &Rc<dyn AnyCondition>,
    trace: &Trace<&'static str>,
    name: &'static str,
) -> Actor {
    let (condition, trace) = (condition.clone(), trace.clone());
    stage.spawn(async move {
        let turn = condition.lock().await.wait().await;
        trace.note(name);
        turns(1).await;
        drop(turn);
    })
}

pub(super) fn wait_releases_and_reacquires(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace) = (stage.condition()?, Trace::new());
        let waits = waiter(stage, &condition, &trace, "the waiter");
        turns(2).await;
        same("locked, while somebody waits", condition.locked(), false)?;
        let turn = condition.lock().await;
        condition.notify(1);
        turns(3).await;
        same("who has passed while the notifier has the lock", trace.seen(), [""; 0])?;
        drop(turn);
        waits.ended().await?;
        same("who has passed", trace.seen(), ["the waiter"])?;
        same("locked, in the end", condition.locked(), false)
    })
}

pub(super) fn notify_n_fifo(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace) = (stage.condition()?, Trace::new());
        for name in ["a", "b", "c"] {
            waiter(stage, &condition, &trace, name);
        }
        turns(2).await;
        condition.notify(1);
        turns(4).await;
        same("who has passed after the first", trace.seen(), ["a"])?;
        condition.notify(2048);
        let late = waiter(stage, &condition, &trace, "d");
        turns(8).await;
        same("who has passed after the second", trace.seen(), ["a", "b", "c"])?;
        same("whether a surplus is remembered", late.done(), false)
    })
}

pub(super) fn notify_all_wakes_current_waiters(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace) = (stage.condition()?, Trace::new());
        let waiters = ["a", "b", "c"].map(|name| waiter(stage, &condition, &trace, name));
        turns(2).await;
        let turn = condition.lock().await;
        condition.notify_all();
        turns(3).await;
        same("who has passed while the notifier has the lock", trace.seen(), [""; 0])?;
        drop(turn);
        for waiter in waiters {
            waiter.ended().await?;
        }
        same("who has passed", trace.seen(), ["a", "b", "c"])
    })
}

pub(super) fn predicate_first(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, count, asked) = (stage.condition()?, Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let turn = condition.lock().await.wait_for(Box::new(|| true)).await;
        same("locked, with a predicate that holds", condition.locked(), true)?;
        drop(turn);
        let (waiting, counted, asking) = (condition.clone(), count.clone(), asked.clone());
        let waits = stage.spawn(async move {
            let predicate = move || {
                asking.set(asking.get() + 1);
                counted.get() == 2
            };
            drop(waiting.lock().await.wait_for(Box::new(predicate)).await);
        });
        for number in 1..=2 {
            turns(2).await;
            same("whether it has passed", waits.done(), false)?;
            count.set(number);
            condition.notify(1);
        }
        waits.ended().await?;
        same("how often it asked", asked.get(), 3)
    })
}

pub(super) fn cancel_returns_holding_lock(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace, stop) = (stage.condition()?, Trace::new(), Rc::new(Event::new()));
        let (waiting, noting, stopping) = (condition.clone(), trace.clone(), stop.clone());
        let stopped = stage.spawn(async move {
            let turn = waiting.lock().await;
            let (turn, notified) = turn.wait_unless(Box::pin(async move { stopping.wait().await })).await;
            noting.note(if notified { "notified" } else { "stopped" });
            noting.note(if waiting.locked() { "with the lock" } else { "without the lock" });
            drop(turn);
        });
        let dropped = waiter(stage, &condition, &Trace::new(), "dropped");
        turns(2).await;
        let turn = condition.lock().await;
        stop.set();
        dropped.cancel();
        turns(3).await;
        same("whether it returns without the lock", stopped.done(), false)?;
        drop(turn);
        stopped.ended().await?;
        same("how it ended", trace.seen(), ["stopped", "with the lock"])?;
        same("locked, in the end", condition.locked(), false)
    })
}

pub(super) fn notify_not_lost_on_cancel(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace) = (stage.condition()?, Trace::new());
        let cancelled = waiter(stage, &condition, &trace, "the cancelled one");
        let next = waiter(stage, &condition, &trace, "the next one");
        turns(2).await;
        condition.notify(1);
        cancelled.cancel();
        next.ended().await?;
        same("who was notified", trace.seen(), ["the next one"])
    })
}

pub(super) fn notify_not_lost_while_relocking(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (condition, trace) = (stage.condition()?, Trace::new());
        let cancelled = waiter(stage, &condition, &trace, "the cancelled one");
        let next = waiter(stage, &condition, &trace, "the next one");
        turns(2).await;
        let turn = condition.lock().await;
        condition.notify(1);
        turns(2).await;
        cancelled.cancel();
        turns(2).await;
        drop(turn);
        next.ended().await?;
        same("who was notified", trace.seen(), ["the next one"])
    })
}
