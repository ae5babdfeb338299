//! Children whose first step runs inside the spawn.

use super::{careful, turns};
use crate::run;
use crate::trace::Trace;
use core_loop::{ChildError, GroupError, TaskGroup, yield_now};
use std::future::pending;

type Outcome<T = ()> = Result<T, GroupError<&'static str>>;

#[test]
fn an_eager_child_that_does_not_wait_has_its_value_when_the_spawn_returns() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let child = group.spawn_eager(async { Ok(7) });
            assert!(child.done());
            Ok(child.await)
        })
        .await;
        assert_eq!(outcome, Ok(Ok(7)));
    });
}

#[test]
fn an_eager_child_that_waits_goes_on_as_any_other() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let inside = trace.clone();
            group.spawn_eager(async move {
                inside.add("first");
                turns(2).await;
                inside.add("second");
                Ok(())
            });
            trace.add("body");
            Ok(())
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok(()), "first body second"));
    });
}

#[test]
fn an_eager_child_that_fails_at_once_ends_the_body_at_its_next_await() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let child = group.spawn_eager(async { Err::<(), _>("no luck") });
            assert!(!child.done(), "its group has not heard of it");
            trace.add("went on");
            yield_now().await;
            trace.add("never");
            Ok(())
        })
        .await;
        assert_eq!(outcome.expect_err("a child failed").first, "no luck");
        assert_eq!(trace.take(), "went on");
    });
}

#[test]
fn an_eager_grandchild_that_fails_at_once_ends_a_group_that_waits() {
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let again = group.clone();
            group.spawn(async move {
                turns(2).await;
                again.spawn_eager(async { Err::<(), _>("no luck") });
                pending::<Result<(), _>>().await
            });
            pending().await
        })
        .await;
        assert_eq!(outcome.expect_err("a grandchild failed").first, "no luck");
    });
}

#[test]
fn an_eager_child_that_shuts_its_group_down_is_cancelled_as_the_others_are() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "sibling"));
            turns(1).await;
            let again = group.clone();
            Ok(group.spawn_eager(async move {
                again.cancel("served");
                pending::<Result<(), _>>().await
            }))
        })
        .await;
        let child = outcome.expect("nobody failed");
        assert!(matches!(child.await, Err(ChildError::Cancelled(_))));
        assert_eq!(trace.take(), "sibling");
    });
}
