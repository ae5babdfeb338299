//! Groups whose body is asked to end: each arrow of the diagram at `TaskGroup::scope_cooperative`, and what meets what.

use super::{careful, fails, turns};
use crate::asks::{asked, interrupted, requests};
use crate::run;
use crate::trace::Trace;
use core_loop::{
    ChildError, GroupError, JoinError, Task, TaskGroup, cancellable, current_task, spawn, spawn_cooperative,
    timeout,
};
use futures_lite::future::{poll_once, zip};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

type Outcome<T = ()> = Result<T, GroupError<&'static str>>;

async fn reason<T: std::fmt::Debug>(task: Task<T>) -> String {
    match task.await {
        Err(JoinError::Cancelled(reason)) => reason.to_string(),
        other => panic!("not cancelled but {other:?}"),
    }
}

// ANCHOR: fails
#[test]
fn a_failure_interrupts_the_body_which_cleans_up_with_awaits_and_the_request_is_taken_back() {
    asked(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope_cooperative(async |group| {
            group.spawn(fails(1, "no luck"));
            group.spawn(careful(trace.clone(), "sibling"));
            let cancelled = interrupted().await;
            assert_eq!(requests(), 1);
            turns(6).await;
            trace.add("body");
            Err(cancelled)
        })
        .await?;
        assert_eq!(outcome.expect_err("a child failed").into_iter().collect::<Vec<_>>(), ["no luck"]);
        assert_eq!((trace.take().as_str(), requests()), ("sibling body", 0));
        cancellable(turns(1)).await
    });
}
// ANCHOR_END: fails

#[test]
fn what_the_body_fails_with_while_it_ends_is_in_the_error_after_the_childs() {
    asked(async {
        let outcome: Outcome = TaskGroup::scope_cooperative(async |group| {
            group.spawn(fails(1, "the child"));
            interrupted().await;
            turns(2).await;
            Ok(Err("the body"))
        })
        .await?;
        let error = outcome.expect_err("both failed");
        assert_eq!(error.into_iter().collect::<Vec<_>>(), ["the child", "the body"]);
        Ok(())
    });
}

#[test]
fn a_body_that_swallows_the_request_does_not_make_the_failure_undone() {
    asked(async {
        let outcome: Outcome<_> = TaskGroup::scope_cooperative(async |group| {
            group.spawn(fails(1, "no luck"));
            interrupted().await;
            cancellable(turns(2)).await?;
            Ok(Ok("a value"))
        })
        .await?;
        assert_eq!((outcome.expect_err("a child failed").first, requests()), ("no luck", 0));
        Ok(())
    });
}

#[test]
fn a_body_that_ends_by_itself_gives_its_value_after_the_children() {
    asked(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let outcome: Outcome<_> = TaskGroup::scope_cooperative(async |group| {
            group.spawn(async move {
                turns(4).await;
                inside.add("child");
                Ok(())
            });
            Ok(Ok(7))
        })
        .await?;
        assert_eq!((outcome, trace.take().as_str()), (Ok(7), "child"));
        Ok(())
    });
}

#[test]
fn a_cancel_of_the_task_ends_body_and_children_and_goes_on() {
    run(async {
        for in_body in [true, false] {
            let trace = Trace::default();
            let inside = trace.clone();
            let owner = spawn_cooperative(async move {
                let outcome: Result<Outcome, _> = TaskGroup::scope_cooperative(async |group| {
                    group.spawn(careful(inside.clone(), "child"));
                    if in_body {
                        let cancelled = interrupted().await;
                        turns(1).await;
                        inside.add("body");
                        return Err(cancelled);
                    }
                    Ok(Ok(()))
                })
                .await;
                inside.add(requests());
                outcome
            });
            turns(3).await;
            owner.cancel("enough");
            assert_eq!(reason(owner).await, "enough");
            assert_eq!(trace.take(), if in_body { "body child 1" } else { "child 1" });
        }
    });
}

#[test]
fn a_group_that_is_dropped_while_its_children_end_gives_back_the_cancel_that_its_body_passed_on() {
    run(async {
        let owner = spawn_cooperative(async move {
            let passed_on = Cell::new(false);
            let mut group = Box::pin(TaskGroup::scope_cooperative(async |group| {
                group.spawn(careful(Trace::default(), "child"));
                let cancelled = interrupted().await;
                passed_on.set(true);
                Err::<Result<(), _>, _>(cancelled)
            }));
            poll_fn(|cx| {
                assert!(group.as_mut().poll(cx).is_pending(), "the child ends after the body");
                if passed_on.get() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            drop(group);
            assert_eq!(requests(), 1);
            let next = interrupted().await;
            Ok(next.reason().as_str() == "enough")
        });
        turns(3).await;
        owner.cancel("enough");
        assert!(owner.await.expect("it swallows what it hears at last"));
    });
}

// ANCHOR: both
#[test]
fn errors_come_before_a_cancel_of_the_task_which_interrupts_the_next_await() {
    run(async {
        for in_body in [true, false] {
            let owner = spawn_cooperative(async move {
                let outcome: Outcome = TaskGroup::scope_cooperative(async |group| {
                    group.spawn_cooperative(async {
                        interrupted().await;
                        turns(3).await;
                        Ok(Err::<(), _>("in the clean-up"))
                    });
                    if in_body {
                        return Err(interrupted().await);
                    }
                    Ok(Ok(()))
                })
                .await?;
                assert_eq!(outcome.expect_err("the child failed").first, "in the clean-up");
                assert_eq!(requests(), 1);
                let next = cancellable(turns(1)).await.expect_err("it is still to be delivered");
                cancellable(turns(1)).await.expect("once");
                Err::<(), _>(next)
            });
            turns(3).await;
            owner.cancel("enough");
            assert_eq!(reason(owner).await, "enough");
        }
    });
}
// ANCHOR_END: both

#[test]
fn a_group_that_fails_in_the_clean_up_of_a_cancelled_task_does_not_make_that_cancel_again() {
    run(async {
        let owner = spawn_cooperative(async {
            let cancelled = interrupted().await;
            let outcome: Outcome = TaskGroup::scope_cooperative(async |group| {
                group.spawn(fails(1, "no luck"));
                Err(interrupted().await)
            })
            .await?;
            assert_eq!((outcome.expect_err("a child failed").first, requests()), ("no luck", 1));
            cancellable(turns(1)).await.expect("it was delivered before the group");
            Err::<(), _>(cancelled)
        });
        turns(1).await;
        owner.cancel("enough");
        assert_eq!(reason(owner).await, "enough");
    });
}

#[test]
fn when_children_of_two_groups_fail_together_both_say_so() {
    asked(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope_cooperative(async |outer| {
            outer.spawn(fails(2, "outer"));
            let inner: Outcome = TaskGroup::scope_cooperative(async |inner| {
                inner.spawn(fails(2, "inner"));
                Err(interrupted().await)
            })
            .await?;
            trace.add(inner.expect_err("its child failed").first);
            trace.add(requests());
            // The outer group still wants its body to end.
            Err(cancellable(turns(1)).await.expect_err("it was asked again"))
        })
        .await?;
        assert_eq!(outcome.expect_err("its child failed").into_iter().collect::<Vec<_>>(), ["outer"]);
        assert_eq!((trace.take().as_str(), requests()), ("inner 1", 0));
        cancellable(turns(1)).await
    });
}

#[test]
fn a_failure_in_the_outer_group_interrupts_the_inner_one_and_is_alone_in_the_error() {
    asked(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope_cooperative(async |outer| {
            outer.spawn(fails(3, "outer"));
            TaskGroup::scope_cooperative(async |inner| {
                inner.spawn(careful(trace.clone(), "inner child"));
                Err(interrupted().await)
            })
            .await
            .map(|inner: Outcome| inner.map_err(|_| "inner"))
        })
        .await?;
        assert_eq!(outcome.expect_err("its child failed").into_iter().collect::<Vec<_>>(), ["outer"]);
        assert_eq!((trace.take().as_str(), requests()), ("inner child", 0));
        Ok(())
    });
}

#[test]
fn a_request_of_a_group_reaches_nothing_beside_its_body() {
    asked(async {
        let failing = TaskGroup::scope_cooperative(async |group| {
            group.spawn(fails(1, "no luck"));
            Err::<Result<(), _>, _>(interrupted().await)
        });
        // Begins later, so it is the innermost of the task.
        let beside = cancellable(turns(10));
        let (outcome, beside) = zip(failing, beside).await;
        assert_eq!(outcome?.expect_err("a child failed").first, "no luck");
        beside
    });
}

#[test]
fn a_cancel_of_the_group_asks_the_body_which_gives_the_value() {
    asked(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope_cooperative(async |group| {
            group.spawn(careful(trace.clone(), "child"));
            let again = group.clone();
            let ends = group.spawn(async move {
                turns(2).await;
                again.cancel("served");
                again.cancel("twice");
                pending::<Result<(), _>>().await
            });
            assert_eq!(interrupted().await.reason().as_str(), "served");
            cancellable(turns(1)).await?;
            Ok(Ok(ends))
        })
        .await?;
        let ends = outcome.expect("nobody failed");
        assert_eq!(ends.await, Err(ChildError::Cancelled("served".into())));
        assert_eq!((trace.take().as_str(), requests()), ("child", 0));
        cancellable(turns(1)).await
    });
}

#[test]
fn a_body_that_ends_before_it_hears_of_the_cancel_of_its_group_gives_its_value() {
    asked(async {
        let outcome: Outcome<_> = TaskGroup::scope_cooperative(async |group| {
            group.spawn(pending::<Result<(), _>>());
            group.cancel("served");
            Ok(Ok(7))
        })
        .await?;
        assert_eq!((outcome, requests()), (Ok(7), 0));
        cancellable(turns(1)).await
    });
}

#[test]
fn a_body_that_passes_the_cancel_of_its_group_on_gives_no_value_and_the_task_goes_on() {
    asked(async {
        let outcome: Result<Outcome, _> = TaskGroup::scope_cooperative(async |group| {
            group.cancel("never mind");
            Err(interrupted().await)
        })
        .await;
        assert_eq!(outcome.expect_err("there is no value").reason().as_str(), "never mind");
        assert_eq!(requests(), 0);
        cancellable(turns(1)).await
    });
}

#[test]
fn a_cancel_of_the_task_that_meets_one_of_the_group_is_not_lost() {
    run(async {
        for group_first in [true, false] {
            let owner = spawn_cooperative(async move {
                let outcome: Result<Outcome, _> = TaskGroup::scope_cooperative(async |group| {
                    let me = current_task().expect("inside a task");
                    if group_first {
                        group.cancel("of the group");
                    }
                    me.cancel("of the task");
                    group.cancel("of the group");
                    Err(interrupted().await)
                })
                .await;
                outcome.expect_err("it was cancelled");
                assert_eq!(requests(), 1, "the one of the task");
                Ok(())
            });
            owner.await.expect("it swallowed the request");
        }
    });
}

#[test]
fn in_a_task_of_the_usual_kind_the_body_is_dropped() {
    run(async {
        let trace = Trace::default();
        let outcome: Result<Outcome, _> = TaskGroup::scope_cooperative(async |group| {
            let _guard = trace.on_drop("dropped");
            group.spawn(fails(1, "no luck"));
            Err(interrupted().await)
        })
        .await;
        assert_eq!(outcome.expect("nobody was asked").expect_err("a child failed").first, "no luck");
        assert_eq!(trace.take(), "dropped");
    });
}

#[test]
fn a_group_that_is_dropped_takes_its_request_along() {
    asked(async {
        let trace = Trace::default();
        let deaf = TaskGroup::<&str>::scope_cooperative(async |group| {
            group.spawn(careful(trace.clone(), "child"));
            turns(1).await;
            group.cancel("in vain");
            assert_eq!(requests(), 1);
            pending::<Result<Result<(), _>, _>>().await
        });
        assert!(timeout(Duration::from_millis(1), deaf).await.is_err());
        assert_eq!((trace.take().as_str(), requests()), ("child", 0));
        cancellable(turns(1)).await
    });
}

#[test]
fn a_handle_that_outlives_its_group_asks_nobody() {
    asked(async {
        let outcome: Outcome<_> = TaskGroup::scope_cooperative(async |group| Ok(Ok(group.clone()))).await?;
        outcome.expect("nobody failed").cancel("too late");
        assert_eq!(requests(), 0);
        cancellable(turns(1)).await
    });
}

#[test]
fn a_panic_of_a_body_that_was_asked_goes_on_when_the_children_have_ended() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn_cooperative(async move {
            let outcome: Outcome = TaskGroup::scope_cooperative(async |group| {
                group.spawn(careful(inside.clone(), "child"));
                group.spawn(fails(1, "no luck"));
                interrupted().await;
                std::panic::resume_unwind(Box::new("worse"))
            })
            .await?;
            outcome.expect("it panics");
            Ok(())
        });
        assert!(matches!(owner.await, Err(JoinError::Panicked(panic)) if panic.message() == "worse"));
        assert_eq!(trace.take(), "child");
    });
}

#[test]
fn a_close_of_the_loop_asks_a_group_to_end() {
    let trace = Trace::default();
    run(async {
        let inside = trace.clone();
        spawn_cooperative(async move {
            TaskGroup::<&str>::scope_cooperative(async |group| {
                group.spawn(careful(inside.clone(), "child"));
                let cancelled = interrupted().await;
                inside.add("body");
                Err::<Result<(), _>, _>(cancelled)
            })
            .await
        })
        .detach();
        // Its own task, which is cancelled as well, ends at once.
        spawn(pending::<()>()).detach();
        turns(2).await;
    });
    assert_eq!(trace.take(), "body child");
}

#[test]
fn a_request_that_a_group_took_and_has_not_told_outlives_the_group_that_is_dropped() {
    asked(async {
        let me = current_task().expect("inside a task");
        let group = TaskGroup::<&str>::scope_cooperative(async |group| {
            group.spawn(careful(Trace::default(), "child"));
            Ok(Ok(()))
        });
        let mut group = Box::pin(group);
        assert!(poll_once(group.as_mut()).await.is_none(), "it waits for its child");
        turns(2).await;
        me.cancel("not lost");
        assert!(poll_once(group.as_mut()).await.is_none(), "it waits for the clean-up of its child");
        drop(group);
        assert_eq!(interrupted().await.reason().as_str(), "not lost");
        assert_eq!(requests(), 1);
        Ok(())
    });
}
