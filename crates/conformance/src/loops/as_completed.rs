//! `as_completed`: in the order of ending.

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{as_completed, sleep, spawn};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

pub(super) fn completion_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = |count: usize| {
            let task = spawn(async move {
                turns(count).await;
                count
            });
            task.named(format!("after {count}"))
        };
        let mut seen = Vec::new();
        let mut tasks = as_completed([3, 1, 2].map(task));
        while let Some(task) = tasks.next().await {
            seen.push((task.name(), task.await?));
        }
        let wanted = [1, 2, 3].map(|count| (format!("after {count}"), count));
        same("the handles and their outputs", seen, wanted)
    })
}

pub(super) fn timeout_keeps_tasks(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let ended = trace.clone();
        let slow = spawn(async move {
            sleep(MS * 40).await;
            ended.note("the slow one ended");
        });
        let mut tasks = as_completed([slow, spawn(async {})]).timeout(MS * 5);
        let first = tasks.next().await;
        ensure(matches!(&first, Some(Ok(task)) if task.done()), format!("the first was {first:?}"))?;
        let second = tasks.next().await;
        ensure(matches!(second, Some(Err(_))), format!("the second was {second:?}"))?;
        let third = tasks.next().await;
        ensure(third.is_none(), format!("the third was {third:?}"))?;
        drop(tasks);
        sleep(MS * 80).await;
        same("what the unfinished task did", trace.seen(), ["the slow one ended"])
    })
}
