//! `eager`: tasks whose first step runs inside the spawn.

use super::{Loops, Trace, turns};
use crate::behaviour::{Verdict, same};
use crate::{Miss, Subject};
use core_loop::{TaskGroup, current_task, spawn_eager};

pub(super) fn finishes_inline(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn_eager(async { 7 });
        same("whether it is done", task.done(), true)?;
        same("the output", task.await?, 7)
    })
}

pub(super) fn blocks_then_normal(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let inside = trace.clone();
        let task = spawn_eager(async move {
            inside.note("first step");
            turns(1).await;
            inside.note("second step");
        });
        same("what ran inside the spawn", trace.seen(), ["first step"])?;
        same("whether it is done", task.done(), false)?;
        task.await?;
        same("all of it", trace.seen(), ["first step", "second step"])
    })
}

pub(super) fn current_task_and_context_swapped_back(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let me = current_task();
        let child = spawn_eager(async { current_task() });
        same("the current task after it", current_task() == me, true)?;
        let itself = child.any();
        same("the current task inside", child.await? == Some(itself), true)
    })
}

pub(super) fn group_error_deferred(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let group = TaskGroup::scope(async |group| {
            group.spawn_eager(async { Err::<(), _>("no luck") });
            trace.note("after the spawn");
            turns(2).await;
            trace.note("after an await");
            Ok(())
        });
        match group.await {
            Err(error) => same("the errors", error.into_iter().collect::<Vec<_>>(), ["no luck"])?,
            Ok(()) => return Err(Miss::Fail("the group did not fail".to_owned())),
        }
        same("how far the body came", trace.seen(), ["after the spawn"])
    })
}
