//! `eager`: tasks whose first step runs inside the spawn.

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{TaskGroup, TaskLocal, current_task, spawn_eager};
use std::future::pending;

static NUMBER: TaskLocal<u32> = TaskLocal::new();

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
        NUMBER.set(1);
        let child = spawn_eager(async {
            NUMBER.set(NUMBER.get().unwrap_or(0) + 1);
            current_task()
        });
        same("the current task after it", current_task() == me, true)?;
        same("the context after it", NUMBER.get(), Some(1))?;
        let seen = spawn_eager(async {
            let before = NUMBER.get();
            NUMBER.set(5);
            turns(1).await;
            (before, NUMBER.get())
        });
        same("what a child that waits sees", seen.await?, (Some(1), Some(5)))?;
        let itself = child.any();
        same("the current task inside", child.await? == Some(itself), true)
    })
}

pub(super) fn group_error_deferred(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let (body, sibling) = (trace.clone(), trace.on_drop("the sibling was dropped"));
        let group = TaskGroup::<&str>::scope(async |group| {
            group.spawn(async move {
                let _sibling = sibling;
                pending::<Result<(), _>>().await
            });
            turns(1).await;
            group.spawn_eager(async { Err::<(), _>("at once") });
            body.note("the body went on after the spawn");
            turns(1).await;
            body.note("the body went on after an await");
            Ok(())
        });
        same("the first error", group.await.err().map(|error| error.first), Some("at once"))?;
        same("what happened", trace.seen(), ["the body went on after the spawn", "the sibling was dropped"])?;

        let group = TaskGroup::<&str>::scope(async |group| {
            let at_once = group.spawn_eager(async { Ok(1) });
            let done = at_once.done();
            let later = group.spawn_eager(async {
                turns(2).await;
                Ok(2)
            });
            Ok((done, at_once, later))
        });
        let (done, at_once, later) = group.await?;
        same("whether the first was done inside the spawn", done, true)?;
        same("the values", (at_once.await?, later.await?), (1, 2))?;

        let group = TaskGroup::<&str>::scope(async |group| {
            let itself = group.clone();
            Ok(group.spawn_eager(async move {
                itself.cancel("by a child's first step");
                pending::<Result<(), _>>().await
            }))
        });
        ensure(
            group.await?.await.is_err(),
            "a child that shut its group down in its first step gave a value",
        )?;

        let group = TaskGroup::<&str>::scope(async |group| {
            let spawner = group.clone();
            group.spawn(async move {
                spawner.spawn_eager(async { Err::<(), _>("of a sibling") });
                pending::<Result<(), _>>().await
            });
            pending::<Result<(), _>>().await
        });
        same(
            "the error of a sibling's child",
            group.await.err().map(|error| error.first),
            Some("of a sibling"),
        )
    })
}
