//! `queue`: items from one task to another.

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, same};
use core_loop::{Task, spawn};
use std::rc::Rc;
use sync_primitives::{GetError, PutError, Queue, QueueShutDown, TaskDoneError};

/// A task that gets one item and notes it.
fn getter(queue: &Rc<Queue<u32>>, trace: &Trace<Result<u32, QueueShutDown>>) -> Task<()> {
    let (queue, trace) = (queue.clone(), trace.clone());
    spawn(async move { trace.note(queue.get().await) })
}

/// A task that puts one item.
fn putter(queue: &Rc<Queue<u32>>, item: u32) -> Task<Result<(), QueueShutDown<u32>>> {
    let queue = queue.clone();
    spawn(async move { queue.put(item).await })
}

pub(super) fn bounded_put_blocks(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Rc::new(Queue::bounded(2));
        let putters = [1, 2, 3].map(|item| putter(&queue, item));
        turns(3).await;
        same("who has put", putters.each_ref().map(Task::done), [true, true, false])?;
        same("the first item", queue.get().await?, 1)?;
        turns(2).await;
        same("who has put after a get", putters.each_ref().map(Task::done), [true; 3])?;
        let unbounded = Queue::bounded(0);
        for item in 0..1000 {
            unbounded.put_nowait(item).map_err(|error| crate::Miss::Fail(error.to_string()))?;
        }
        same("items in a queue without a bound", unbounded.qsize(), 1000)
    })
}

pub(super) fn nowait_errors(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Queue::bounded(1);
        same("getting from an empty queue", queue.get_nowait().err(), Some(GetError::Empty))?;
        same("putting into it", queue.put_nowait(1).is_ok(), true)?;
        same("putting into a full queue", queue.put_nowait(2) == Err(PutError::Full(2)), true)?;
        same("getting from it", queue.get_nowait().ok(), Some(1))
    })
}

pub(super) fn get_cancelled_after_wakeup_keeps_item(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (queue, trace) = (Rc::new(Queue::unbounded()), Trace::new());
        let cancelled = getter(&queue, &trace);
        let next = getter(&queue, &trace);
        turns(2).await;
        queue.put(1).await.map_err(|_| crate::Miss::Fail("the queue is shut down".to_owned()))?;
        cancelled.cancel("not needed");
        next.await?;
        same("what the next getter got", trace.seen(), [Ok(1)])
    })
}

pub(super) fn get_cancelled_while_waiting(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (queue, trace) = (Rc::new(Queue::unbounded()), Trace::new());
        let cancelled = getter(&queue, &trace);
        let next = getter(&queue, &trace);
        turns(2).await;
        cancelled.cancel("not needed");
        turns(2).await;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        next.await?;
        same("what the next getter got", trace.seen(), [Ok(1)])
    })
}

pub(super) fn put_cancelled_after_wakeup_frees_slot(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Rc::new(Queue::bounded(1));
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        let cancelled = putter(&queue, 2);
        let next = putter(&queue, 3);
        turns(2).await;
        same("the first item", queue.get_nowait().ok(), Some(1))?;
        cancelled.cancel("not needed");
        same("the next putter", next.await?.is_ok(), true)?;
        same("what it put", queue.get_nowait().ok(), Some(3))?;
        same("what else is there", queue.qsize(), 0)
    })
}

pub(super) fn stolen_item_waiter_requeues(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (queue, trace) = (Rc::new(Queue::unbounded()), Trace::new());
        let first = getter(&queue, &trace);
        let second = getter(&queue, &trace);
        turns(2).await;
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        same("taking it before the woken getter runs", queue.get_nowait().ok(), Some(1))?;
        turns(3).await;
        same("what the getters got", trace.seen(), [Ok(0); 0])?;
        same("putting again", queue.put_nowait(2).is_ok(), true)?;
        first.await?;
        same("what the first getter got, which kept its place", trace.seen(), [Ok(2)])?;
        same("whether the second waits", second.done(), false)?;
        second.cancel("the end");
        Ok(())
    })
}

pub(super) fn join_counts_task_done(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Rc::new(Queue::unbounded());
        queue.join().await;
        for item in 0..2 {
            same("putting", queue.put_nowait(item).is_ok(), true)?;
        }
        let joined = queue.clone();
        let join = spawn(async move { joined.join().await });
        for _ in 0..2 {
            turns(2).await;
            same("whether join has returned", join.done(), false)?;
            queue.get().await?;
            same("marking an item done", queue.task_done().is_ok(), true)?;
        }
        join.await?;
        same("one mark too many", queue.task_done(), Err(TaskDoneError))
    })
}

pub(super) fn shutdown_drains(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Rc::new(Queue::bounded(1));
        same("putting", queue.put_nowait(1).is_ok(), true)?;
        let blocked = putter(&queue, 2);
        turns(2).await;
        same("items that a shutdown gives back", queue.shutdown(false).len(), 0)?;
        same("a blocked put", blocked.await? == Err(QueueShutDown(2)), true)?;
        same("a new put", queue.put_nowait(3) == Err(PutError::ShutDown(3)), true)?;
        same("getting what is left", queue.get().await, Ok(1))?;
        same("getting more", queue.get().await, Err(QueueShutDown(())))?;
        same("marking an item done", queue.task_done().is_ok(), true)?;
        queue.join().await;
        Ok(())
    })
}

pub(super) fn shutdown_wakes_all_getters(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (queue, trace) = (Rc::new(Queue::unbounded()), Trace::new());
        let getters = [(); 3].map(|()| getter(&queue, &trace));
        turns(2).await;
        queue.shutdown(false);
        for getter in getters {
            getter.await?;
        }
        same("what the getters got", trace.seen(), [Err(QueueShutDown(())); 3])
    })
}

pub(super) fn shutdown_immediate(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let queue = Rc::new(Queue::unbounded());
        for item in 0..3 {
            same("putting", queue.put_nowait(item).is_ok(), true)?;
        }
        same("the item that is checked out", queue.get().await, Ok(0))?;
        let joined = queue.clone();
        let join = spawn(async move { joined.join().await });
        turns(2).await;
        same("items that the shutdown gives back", queue.shutdown(true), [1, 2])?;
        same("items left", queue.qsize(), 0)?;
        turns(2).await;
        same("whether join has returned, with one item checked out", join.done(), false)?;
        same("marking it done", queue.task_done().is_ok(), true)?;
        join.await?;
        Ok(())
    })
}
