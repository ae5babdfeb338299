//! What the handle of a child has of a task's: to be looked at, named, and waited for beside others.

use super::turns;
use crate::run;
use crate::trace::Trace;
use core_loop::{
    ChildError, Elapsed, GroupError, ReturnWhen, ScopedGroup, TaskGroup, Waitable, as_completed, spawn, wait,
    wait_for,
};
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

#[test]
fn a_child_can_be_looked_at_before_its_value_is_taken() {
    run(async {
        let value = TaskGroup::<Infallible>::scope(async |group| {
            let child = group.spawn(async { Ok(String::from("seven")) }).named("child");
            assert_eq!((child.result(), child.name().as_deref()), (None, Some("child")));
            turns(3).await;
            assert_eq!(child.result().expect("it has ended").expect("well"), "seven");
            assert_eq!(child.result().expect("it is still there").expect("well"), "seven");
            let cancelled = group.spawn(pending::<Result<(), _>>());
            assert!(cancelled.cancel("why") && !cancelled.cancelled());
            turns(3).await;
            assert!(cancelled.cancelled());
            assert_eq!(cancelled.result(), Some(Err(&ChildError::Cancelled("why".into()))));
            Ok(child.await)
        });
        assert_eq!(value.await.expect("nobody failed").expect("well"), "seven");
    });
}

#[test]
fn children_are_waited_for_as_tasks_are() {
    run(async {
        let outcome: Result<(), GroupError<Infallible>> = TaskGroup::scope(async |group| {
            let mut children = [3, 1, 2].map(|turn| {
                group.spawn(async move {
                    turns(turn).await;
                    Ok(turn)
                })
            });
            let seen = wait(&mut children, ReturnWhen::FIRST_COMPLETED).await;
            assert_eq!((seen.done.len(), seen.pending.len()), (1, 2));
            let mut order = Vec::new();
            let mut coming = as_completed(children);
            while let Some(child) = coming.next().await {
                order.push(child.await.expect("well"));
            }
            assert_eq!(order, [1, 2, 3]);
            let slow = group.spawn(pending::<Result<(), _>>());
            assert_eq!(wait_for(Duration::ZERO, slow).await, Err(Elapsed), "it was cancelled");
            Ok(())
        })
        .await;
        assert_eq!(outcome, Ok(()));
    });
}

#[test]
fn a_wait_ends_at_the_first_child_that_fails_although_its_group_ends_too() {
    run(async {
        let watcher = std::rc::Rc::new(std::cell::RefCell::new(None));
        let failed = TaskGroup::scope(async |group| {
            let bad = group.spawn(async {
                turns(1).await;
                Err::<(), _>("no luck")
            });
            let never = group.spawn(pending());
            let watch = spawn(async move {
                let mut children = [bad, never];
                let seen = wait(&mut children, ReturnWhen::FIRST_PANIC).await;
                assert_eq!(seen.done[0].result(), Some(Err(&ChildError::Failed)));
            });
            watcher.replace(Some(watch));
            pending::<Result<(), _>>().await
        })
        .await;
        assert_eq!(failed.expect_err("a child failed").first, "no luck");
        watcher.take().expect("it was spawned").await.expect("it saw the failure");
    });
}

#[test]
fn the_task_of_a_child_calls_back_and_a_child_that_was_refused_has_none() {
    run(async {
        let trace = Trace::default();
        let outcome = TaskGroup::<Infallible>::scope(async |group| {
            let child = group.spawn(async { Ok(()) });
            let told = trace.clone();
            let task = child.any().expect("it was taken");
            task.add_done_callback(move |task| told.add(task.result().is_some_and(|ended| ended.is_ok())));
            turns(3).await;
            group.cancel("no more");
            let refused = group.spawn(async { Ok(()) });
            assert!(refused.any().is_none() && refused.cancelled() && !refused.cancel("again"));
            Ok(())
        });
        assert!(outcome.await.is_ok());
        assert_eq!(trace.take(), "true");
    });
}

#[test]
fn a_shield_around_a_child_keeps_a_timeout_from_cancelling_it() {
    run(async {
        let value = TaskGroup::<Infallible>::scope(async |group| {
            let mut child = group.spawn(async {
                turns(5).await;
                Ok(7)
            });
            assert_eq!(wait_for(Duration::ZERO, (&mut child).shield()).await, Err(Elapsed));
            Ok(child.await)
        });
        assert_eq!(value.await.expect("nobody failed"), Ok(7));
    });
}

#[test]
fn children_that_borrow_are_waited_for_too() {
    run(async {
        let words = ["borrowed", "not"].map(String::from);
        let outcome = ScopedGroup::<Infallible>::scope(async |group| {
            let mut children = words.each_ref().map(|word| {
                group.spawn(async move {
                    turns(word.len()).await;
                    Ok(word.as_str())
                })
            });
            let seen = wait(&mut children, ReturnWhen::FIRST_COMPLETED).await;
            assert_eq!(seen.done[0].result(), Some(Ok(&"not")));
            let mut coming = as_completed(children);
            let first = coming.next().await.expect("two are left").await;
            Ok(first)
        });
        assert_eq!(outcome.await.expect("nobody failed"), Ok("not"));
    });
}
