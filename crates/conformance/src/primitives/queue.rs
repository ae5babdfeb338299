//! `queue`: items from one task to another.

use super::stage::{Actor, Stage, turns};
use super::{AnyQueue, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::rc::Rc;
use sync_primitives::{GetError, PutError, QueueShutDown, TaskDoneError};

/// Somebody who gets one item and notes it.
fn getter(stage: &Stage, queue: &Rc<dyn AnyQueue>, trace: &Trace<Result<u32, QueueShutDown>>) -> Actor {
    let (queue, trace) = (queue.clone(), trace.clone());
    stage.spawn(async move { trace.note(queue.get().await) })
}

/// Somebody who puts one item, and what came of it.
fn putter(stage: &Stage, queue: &Rc<dyn AnyQueue>, item: u32) -> (Actor, Trace<Put>) {
    let (queue, trace) = (queue.clone(), Trace::new());
    let noted = trace.clone();
    (stage.spawn(async move { noted.note(queue.put(item).await) }), trace)
}

/// Somebody who joins.
fn joiner(stage: &Stage, queue: &Rc<dyn AnyQueue>) -> Actor {
    let queue = queue.clone();
    stage.spawn(async move { queue.join().await })
}

type Put = Result<(), QueueShutDown<u32>>;

pub(super) fn fifo_lifo_priority(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queues = [
            ("a queue", stage.queue(0)?, [3, 1, 2]),
            ("a stack", stage.lifo_queue()?, [2, 1, 3]),
            ("a priority queue", stage.priority_queue()?, [1, 2, 3]),
        ];
        for (name, queue, expected) in queues {
            for item in [3, 1, 2] {
                queue.put(item).await.map_err(|_| crate::Miss::Fail("the queue is shut down".to_owned()))?;
            }
            let mut got = Vec::new();
            while let Ok(item) = queue.get_nowait() {
                got.push(item);
            }
            same(&format!("what came out of {name}"), got, expected)?;
        }
        Ok(())
    })
}

pub(super) fn bounded_put_blocks(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(2)?;
        let putters = [1, 2, 3].map(|item| putter(stage, &queue, item));
        turns(3).await;
        same("who has put", putters.each_ref().map(|(putter, _)| putter.done()), [true, true, false])?;
        same("the first item", queue.get().await?, 1)?;
        turns(2).await;
        same("who has put after a get", putters.each_ref().map(|(putter, _)| putter.done()), [true; 3])?;
        let unbounded = stage.queue(0)?;
        for item in 0..1000 {
            unbounded.put_nowait(item).map_err(|error| crate::Miss::Fail(error.to_string()))?;
        }
        same("items in a queue without a bound", unbounded.qsize(), 1000)
    })
}

pub(super) fn nowait_errors(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(1)?;
        same("getting from an empty queue", queue.get_nowait().err(), Some(GetError::Empty))?;
        same("putting into it", queue.put_nowait(1).is_ok(), true)?;
        same("putting into a full queue", queue.put_nowait(2) == Err(PutError::Full(2)), true)?;
        same("getting from it", queue.get_nowait().ok(), Some(1))
    })
}

pub(super) fn get_cancelled_after_wakeup_keeps_item(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (queue, trace) = (stage.queue(0)?, Trace::new());
        let cancelled = getter(stage, &queue, &trace);
        let next = getter(stage, &queue, &trace);
        turns(2).await;
        queue.put(1).await.map_err(|_| crate::Miss::Fail("the queue is shut down".to_owned()))?;
        cancelled.cancel();
        next.ended().await?;
        same("what the next getter got", trace.seen(), [Ok(1)])
    })
}

pub(super) fn get_cancelled_while_waiting(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (queue, trace) = (stage.queue(0)?, Trace::new());
        let cancelled = getter(stage, &queue, &trace);
        let next = getter(stage, &queue, &trace);
        turns(2).await;
        cancelled.cancel();
        turns(2).await;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        next.ended().await?;
        same("what the next getter got", trace.seen(), [Ok(1)])
    })
}

pub(super) fn put_cancelled_after_wakeup_frees_slot(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(1)?;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        let (cancelled, _) = putter(stage, &queue, 2);
        let (next, put) = putter(stage, &queue, 3);
        turns(2).await;
        same("the first item", queue.get_nowait().ok(), Some(1))?;
        cancelled.cancel();
        next.ended().await?;
        same("the next putter", put.seen(), [Ok(())])?;
        same("what it put", queue.get_nowait().ok(), Some(3))?;
        same("what else is there", queue.qsize(), 0)
    })
}

pub(super) fn stolen_item_waiter_requeues(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (queue, trace) = (stage.queue(0)?, Trace::new());
        let first = getter(stage, &queue, &trace);
        let second = getter(stage, &queue, &trace);
        turns(2).await;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        same("taking it before the woken getter runs", queue.get_nowait().ok(), Some(1))?;
        turns(3).await;
        same("what the getters got", trace.seen(), [Ok(0); 0])?;
        same("putting again", queue.put_nowait(2).is_ok(), true)?;
        first.ended().await?;
        same("what the first getter got, which kept its place", trace.seen(), [Ok(2)])?;
        same("whether the second waits", second.done(), false)?;
        Ok(())
    })
}

pub(super) fn join_counts_task_done(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(0)?;
        queue.join().await;
        for item in 0..2 {
            same("putting", queue.put_nowait(item).is_ok(), true)?;
        }
        let join = joiner(stage, &queue);
        for _ in 0..2 {
            turns(2).await;
            same("whether join has returned", join.done(), false)?;
            queue.get().await?;
            same("marking an item done", queue.task_done().is_ok(), true)?;
        }
        join.ended().await?;
        same("one mark too many", queue.task_done(), Err(TaskDoneError))
    })
}

pub(super) fn shutdown_drains(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(1)?;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        let (blocked, put) = putter(stage, &queue, 2);
        turns(2).await;
        same("items that a shutdown gives back", queue.shutdown(false).len(), 0)?;
        blocked.ended().await?;
        same("a blocked put", put.seen(), [Err(QueueShutDown(2))])?;
        same("a new put", queue.put_nowait(3) == Err(PutError::ShutDown(3)), true)?;
        same("getting what is left", queue.get().await, Ok(1))?;
        same("getting more", queue.get().await, Err(QueueShutDown(())))?;
        same("marking an item done", queue.task_done().is_ok(), true)?;
        queue.join().await;
        Ok(())
    })
}

pub(super) fn shutdown_wakes_all_getters(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (queue, trace) = (stage.queue(0)?, Trace::new());
        let getters = [(); 3].map(|()| getter(stage, &queue, &trace));
        turns(2).await;
        queue.shutdown(false);
        for getter in getters {
            getter.ended().await?;
        }
        same("what the getters got", trace.seen(), [Err(QueueShutDown(())); 3])
    })
}

pub(super) fn shutdown_immediate(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let queue = stage.queue(0)?;
        for item in 0..3 {
            same("putting", queue.put_nowait(item).is_ok(), true)?;
        }
        same("the item that is checked out", queue.get().await, Ok(0))?;
        let join = joiner(stage, &queue);
        turns(2).await;
        same("items that the shutdown gives back", queue.shutdown(true), [1, 2])?;
        same("items left", queue.qsize(), 0)?;
        turns(2).await;
        same("whether join has returned, with one item checked out", join.done(), false)?;
        same("marking it done", queue.task_done().is_ok(), true)?;
        join.ended().await?;
        Ok(())
    })
}
