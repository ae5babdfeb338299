//! `wait`: enough of several.

use super::{Loops, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{JoinError, ReturnWhen, Task, Waited, spawn, wait};
use std::future::pending;
use std::time::Duration;

fn after<T: 'static>(count: usize, output: T) -> Task<T> {
    spawn(async move {
        turns(count).await;
        output
    })
}

fn counts<W>(waited: &Waited<'_, W>) -> (usize, usize) {
    (waited.done.len(), waited.pending.len())
}

pub(super) fn first_completed_reports_all_done(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut tasks = [after(2, 1), after(9, 2), after(2, 3)];
        let waited = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).await;
        same("the done and the pending", counts(&waited), (2, 1))?;
        let mut outputs = Vec::new();
        for task in waited.done {
            outputs.push(task.await?);
        }
        same("the outputs of the done, in the order of the arguments", outputs, [1, 3])
    })
}

pub(super) fn first_exception(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut tasks = [after(2, Ok(1)), after(3, Err("failed")), after(30, Ok(3)), after(30, Ok(4))];
        tasks[3].cancel("no failure");
        let waited = wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await;
        same("the done and the pending at the failure", counts(&waited), (3, 1))?;
        let mut tasks = [after(2, Ok::<_, ()>(1)), after(4, Ok(2))];
        let waited = wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await;
        same("the done and the pending without failures", counts(&waited), (2, 0))
    })
}

pub(super) fn timeout_is_not_an_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // In the turn after this one the first task ends, also if the time is over by then: it is queued before the timer.
        let mut tasks = [after(0, ()), spawn(pending())];
        let waited = wait(&mut tasks, ReturnWhen::ALL_COMPLETED).timeout(Duration::from_millis(5)).await;
        same("the done and the pending", counts(&waited), (1, 1))?;
        turns(2).await;
        same("whether the slow one was cancelled", tasks[1].done(), false)
    })
}

pub(super) fn cancel_leaves_children(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let (ended, child) = (trace.clone(), trace.on_drop("the child's future"));
        let waiter = spawn(async move {
            let mut tasks = [spawn(async move {
                let _child = child;
                turns(6).await;
                ended.note("the child ended");
            })];
            wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await;
        });
        turns(3).await;
        waiter.cancel("only the waiter");
        let outcome = waiter.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the waiter gave {outcome:?}"))?;
        turns(8).await;
        same("what happened", trace.seen(), ["the child ended", "the child's future"])
    })
}
