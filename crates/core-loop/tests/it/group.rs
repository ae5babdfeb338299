//! Groups of tasks: who ends whom, who is waited for, and what comes back.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    ChildError, GroupError, JoinError, TaskGroup, cancellable, finally, sleep, spawn, timeout, yield_now,
};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

mod asked;
mod eager;
mod handles;
mod panics;
mod random_asked;
mod scoped;
mod start;
mod unheard;

type Outcome<T = ()> = Result<T, GroupError<&'static str>>;

const HOUR: Duration = Duration::from_secs(3600);

async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Waits for ever, and takes three turns to clean up.
async fn careful(trace: Trace, name: &'static str) -> Result<(), &'static str> {
    finally(
        trace,
        async |_: &mut Trace| pending::<()>().await,
        async move |trace: Trace| {
            turns(3).await;
            trace.add(name);
        },
    )
    .await;
    Ok(())
}

async fn fails(after: usize, error: &'static str) -> Result<(), &'static str> {
    turns(after).await;
    Err(error)
}

#[test]
fn a_scope_ends_when_its_last_child_has_ended() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            for (name, count) in [("slow", 5), ("fast", 1)] {
                let trace = trace.clone();
                group.spawn(async move {
                    turns(count).await;
                    trace.add(name);
                    Ok(())
                });
            }
            Ok("the body's value")
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok("the body's value"), "fast slow"));
    });
}

#[test]
fn a_failure_ends_the_siblings_and_the_body_and_waits_for_their_clean_ups() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "sibling"));
            group.spawn(fails(2, "no luck"));
            careful(trace.clone(), "body").await
        })
        .await;
        let error = outcome.expect_err("a child failed");
        assert_eq!((error.first, error.rest.len()), ("no luck", 0));
        // Both clean up at the same time; the body begins a turn earlier.
        assert_eq!(trace.take(), "body sibling");
    });
}

#[test]
fn failures_of_one_turn_come_back_together_in_their_order() {
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            for (after, error) in [(2, "first"), (2, "second"), (3, "late")] {
                group.spawn(fails(after, error));
            }
            pending().await
        })
        .await;
        let error = outcome.expect_err("children failed");
        assert_eq!(error.iter().copied().collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(error.to_string(), "the group failed: first; and: second");
        assert_eq!(error.into_iter().collect::<Vec<_>>(), ["first", "second"]);
    });
}

#[test]
fn what_a_cooperative_child_fails_with_while_it_cleans_up_comes_back_too() {
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            group.spawn_cooperative(async {
                let slept = cancellable(sleep(HOUR)).await;
                turns(2).await;
                Ok(slept.map_err(|_| "cleaning up"))
            });
            group.spawn_cooperative(async { Ok(Ok(cancellable(sleep(HOUR)).await?)) });
            group.spawn(fails(1, "first"));
            pending().await
        })
        .await;
        assert_eq!(
            outcome.expect_err("two failed").into_iter().collect::<Vec<_>>(),
            ["first", "cleaning up"]
        );
    });
}

#[test]
fn a_body_that_fails_ends_the_children() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "child"));
            turns(2).await;
            Err("the body")
        })
        .await;
        assert_eq!(
            (outcome.expect_err("the body failed").first, trace.take().as_str()),
            ("the body", "child")
        );
    });
}

#[test]
fn a_body_that_is_ready_when_a_child_has_failed_is_too_late() {
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            group.spawn(fails(0, "the child"));
            turns(1).await;
            Ok(())
        })
        .await;
        assert_eq!(outcome.expect_err("the child was first").first, "the child");
    });
}

#[test]
fn a_child_that_is_cancelled_on_its_own_is_no_failure() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let (a, b) = (group.spawn(careful(Trace::default(), "a")), group.spawn(async { Ok(2) }));
            turns(1).await;
            assert!(a.cancel("just this one"));
            Ok((a, b))
        })
        .await;
        let (a, b) = outcome.expect("nobody failed");
        assert!(a.done() && !a.cancel("again"));
        assert_eq!(a.await, Err(ChildError::Cancelled("just this one".into())));
        assert_eq!(b.await, Ok(2));
    });
}

#[test]
fn a_cancelled_owner_ends_inner_groups_before_outer_ones() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn(async move {
            TaskGroup::<&str>::scope(async |outer| {
                outer.spawn(careful(inside.clone(), "outer"));
                TaskGroup::<&str>::scope(async |inner| {
                    inner.spawn(careful(inside.clone(), "inner"));
                    careful(inside.clone(), "body").await
                })
                .await
                .map_err(|error| error.first)
            })
            .await
        });
        turns(3).await;
        owner.cancel("enough");
        assert!(matches!(owner.await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "enough"));
        assert_eq!(trace.take(), "body inner outer");
    });
}

#[test]
fn an_owner_that_is_cancelled_while_it_waits_for_the_rest_still_waits_for_them() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn(async move {
            TaskGroup::scope(async |group| {
                group.spawn(careful(inside.clone(), "sibling"));
                group.spawn(fails(0, "lost"));
                careful(inside.clone(), "body").await
            })
            .await
        });
        turns(4).await;
        owner.cancel("enough");
        assert!(matches!(owner.await, Err(JoinError::Cancelled(_))));
        assert_eq!(trace.take(), "body sibling");
    });
}

#[test]
fn a_timeout_waits_for_the_children_of_the_group_that_it_drops() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let group = TaskGroup::<&str>::scope(async move |group| {
            group.spawn(careful(inside.clone(), "child"));
            Ok(())
        });
        assert!(timeout(Duration::from_millis(1), group).await.is_err());
        assert_eq!(trace.take(), "child");
    });
}

#[test]
fn a_group_that_loses_a_race_is_cleaned_up_by_its_task_before_that_ends() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let task = spawn(async move {
            let mut group = Box::pin(TaskGroup::<&str>::scope(async |group| {
                group.spawn(careful(inside.clone(), "child"));
                pending::<Result<(), _>>().await
            }));
            std::future::poll_fn(|cx| {
                assert!(group.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            turns(1).await;
            drop(group);
            inside.add("went on");
        });
        task.await.expect("it ends");
        assert_eq!(trace.take(), "went on child");
    });
}

#[test]
fn nothing_is_spawned_into_a_group_that_shuts_down_or_has_ended() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            group.cancel("no more");
            let guard = trace.on_drop("dropped");
            let refused = group.try_spawn(async move {
                let _guard = guard;
                Ok(())
            });
            let refused = refused.expect_err("it shuts down");
            assert!(!refused.ended && trace.take().is_empty(), "the future came back");
            drop(refused);
            assert_eq!(trace.take(), "dropped");
            let child = group.spawn(async { Ok(()) });
            assert!(child.done() && child.name().is_none() && !child.cancel("again"));
            let Err(ChildError::Cancelled(reason)) = child.await else { panic!("it never ran") };
            assert!(reason.as_str().starts_with("the group is shutting down"), "{reason}");
            Ok(group.clone())
        })
        .await;
        let group = outcome.expect("a cancel is no failure");
        assert!(group.try_spawn(pending::<Result<(), _>>()).expect_err("it has ended").ended);
    });
}

#[test]
fn a_destructor_may_spawn_into_the_group_that_drops_it_and_is_refused() {
    struct Spawns(TaskGroup<&'static str>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            assert!(self.0.try_spawn(async { Ok(()) }).is_err());
        }
    }
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let (body, child) = (Spawns(group.clone()), Spawns(group.clone()));
            group.spawn(async move {
                let _child = child;
                pending::<Result<(), _>>().await
            });
            group.spawn(fails(1, "go"));
            let _body = body;
            pending().await
        })
        .await;
        assert_eq!(outcome.expect_err("a child failed").first, "go");
    });
}

#[test]
fn children_may_spawn_siblings_while_the_group_waits() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let (again, inside) = (group.clone(), trace.clone());
            group.spawn(async move {
                turns(2).await;
                let grandchild = again.spawn(async move {
                    turns(2).await;
                    inside.add("grandchild");
                    Ok(3)
                });
                assert_eq!(grandchild.await, Ok(3));
                Ok(())
            });
            Ok(())
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok(()), "grandchild"));
    });
}

#[test]
fn a_cancel_ends_the_children_and_lets_the_body_go_on() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "child"));
            turns(1).await;
            group.cancel("served");
            turns(1).await;
            Ok("went on")
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok("went on"), "child"));
    });
}

#[test]
fn the_error_of_an_inner_group_is_in_that_of_the_outer_one() {
    run(async {
        let outcome = TaskGroup::<GroupError<&str>>::scope(async |outer| {
            outer.spawn(TaskGroup::scope(async |inner| {
                inner.spawn(fails(1, "deep down"));
                Ok(())
            }));
            Ok(())
        })
        .await;
        assert_eq!(outcome.expect_err("a grandchild failed").first.first, "deep down");
    });
}

#[test]
fn what_ended_children_have_left_is_gone_while_the_group_goes_on() {
    run(async {
        let kept = Rc::new(());
        let outcome: Outcome = TaskGroup::scope(async |group| {
            for _ in 0..1000 {
                let value = kept.clone();
                group.spawn(async move { Ok(value) });
                turns(3).await;
                assert_eq!(Rc::strong_count(&kept), 1);
            }
            Ok(())
        })
        .await;
        assert_eq!((outcome, Rc::strong_count(&kept)), (Ok(()), 1));
    });
}

#[test]
fn a_child_that_the_body_awaits_is_not_cancelled_with_the_await() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let mut child = group.spawn(async {
                sleep(Duration::from_millis(5)).await;
                Ok(7)
            });
            assert!(timeout(Duration::from_millis(1), &mut child).await.is_err());
            Ok(child.await)
        })
        .await;
        assert_eq!(outcome, Ok(Ok(7)));
    });
}

#[test]
fn a_close_of_the_loop_ends_a_group_that_nobody_awaits() {
    let trace = Trace::default();
    run(async {
        let inside = trace.clone();
        spawn(TaskGroup::<&str>::scope(async move |group| {
            group.spawn(careful(inside.clone(), "child"));
            careful(inside, "body").await
        }))
        .detach();
        turns(2).await;
    });
    assert_eq!(trace.take(), "body child");
}

#[test]
fn an_unawaited_group_does_nothing() {
    run(async {
        let trace = Trace::default();
        let guard = trace.on_drop("body");
        drop(TaskGroup::<&str>::scope(async move |_| {
            let _guard = guard;
            Ok(())
        }));
        assert_eq!(trace.take(), "body");
    });
}
