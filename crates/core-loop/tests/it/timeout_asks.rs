//! Timeouts that ask their body to end.

use crate::asks::{asked, interrupted, requests};
use crate::run;
use crate::trace::Trace;
use core_loop::{
    Cancelled, Elapsed, GroupError, JoinError, Loop, TaskGroup, TimeoutScope, cancellable, current_task,
    finally, spawn_cooperative, timeout, timeout_scope_cooperative, yield_now,
};
use futures_lite::future::{poll_once, zip};
use std::future::pending;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

fn long_ago() -> Instant {
    Loop::current().time().checked_sub(MS * 1000).expect("the machine is up for a second")
}

// ANCHOR: deadline
#[test]
fn the_deadline_interrupts_the_body_which_cleans_up_with_awaits_and_the_request_is_taken_back() {
    asked(async {
        let trace = Trace::default();
        let outcome = timeout_scope_cooperative(MS, async |scope| {
            let cancelled = interrupted().await;
            assert_eq!((requests(), scope.expired()), (1, true));
            yield_now().await;
            trace.add("cleaned up");
            Err::<(), _>(cancelled)
        });
        assert_eq!(outcome.await?, Err(Elapsed));
        assert_eq!((trace.take().as_str(), requests()), ("cleaned up", 0));
        cancellable(yield_now()).await
    });
}
// ANCHOR_END: deadline

#[test]
fn a_body_that_is_faster_gives_its_value_and_is_not_asked() {
    asked(async {
        for time in [HOUR, Duration::MAX] {
            let outcome = timeout_scope_cooperative(time, async |_| {
                cancellable(yield_now()).await?;
                Ok(7)
            });
            assert_eq!(outcome.await?, Ok(7));
        }
        let no_time = timeout_scope_cooperative(Duration::ZERO, async |scope| Ok(scope.expired()));
        assert_eq!(no_time.await?, Ok(false));
        Ok(())
    });
}

#[test]
fn a_body_that_swallows_the_request_gives_its_value_and_the_scope_has_expired() {
    asked(async {
        let outcome = timeout_scope_cooperative(MS, async |scope: TimeoutScope| {
            interrupted().await;
            cancellable(yield_now()).await?;
            Ok(scope)
        });
        let scope = outcome.await?.expect("it swallowed the request");
        assert_eq!((scope.expired(), requests()), (true, 0));
        Ok(())
    });
}

#[test]
fn what_the_body_fails_with_while_it_ends_comes_out() {
    asked(async {
        let outcome = timeout_scope_cooperative(MS, async |_| {
            interrupted().await;
            Ok(Err::<(), _>("worse"))
        });
        assert_eq!((outcome.await?, requests()), (Ok(Err("worse")), 0));
        Ok(())
    });
}

#[test]
fn the_errors_of_a_group_inside_come_before_the_timeout() {
    asked(async {
        let outcome = timeout_scope_cooperative(MS, async |_| {
            TaskGroup::scope_cooperative(async |group| {
                group.spawn_cooperative(async {
                    interrupted().await;
                    Ok(Err::<(), _>("in the clean-up"))
                });
                Err::<Result<(), _>, _>(interrupted().await)
            })
            .await
        });
        let outcome: Result<(), GroupError<&str>> = outcome.await?.expect("it is no timeout");
        assert_eq!((outcome.expect_err("the child failed").first, requests()), ("in the clean-up", 0));
        cancellable(yield_now()).await
    });
}

#[test]
fn a_cancel_from_outside_is_a_cancel_also_in_the_turn_of_the_deadline() {
    run(async {
        for also_late in [false, true] {
            let trace = Trace::default();
            let told = trace.clone();
            let task = spawn_cooperative(async move {
                let outcome = timeout_scope_cooperative(HOUR, async |scope| {
                    current_task().expect("inside a task").cancel("from outside");
                    if also_late {
                        scope.reschedule(Some(long_ago())).expect("it is active");
                    }
                    // Not where a request is taken: so both are there when it is.
                    for _ in 0..3 {
                        yield_now().await;
                    }
                    let cancelled = interrupted().await;
                    told.add(format_args!("{} {}", requests(), scope.expired()));
                    Err::<(), _>(cancelled)
                })
                .await;
                told.add(requests());
                outcome
            });
            assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
            assert_eq!(trace.take(), if also_late { "2 true 1" } else { "1 false 1" });
        }
    });
}

// ANCHOR: handled
#[test]
fn in_a_task_that_handles_a_cancel_the_deadline_is_a_timeout_and_another_cancel_a_cancel() {
    run(async {
        let task = spawn_cooperative(async {
            let first = interrupted().await;
            let limited = timeout_scope_cooperative(MS, async |_| Err::<(), _>(interrupted().await));
            assert_eq!((limited.await?, requests()), (Err(Elapsed), 1));
            let again = timeout_scope_cooperative(HOUR, async |_| {
                current_task().expect("inside a task").cancel("again");
                Err::<(), _>(interrupted().await)
            });
            assert_eq!(again.await.expect_err("it is no timeout").reason().as_str(), "again");
            assert_eq!(requests(), 2);
            Err::<(), _>(first)
        });
        yield_now().await;
        task.cancel("first");
        assert!(matches!(task.await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "first"));
    });
}
// ANCHOR_END: handled

#[test]
fn when_both_expire_in_one_turn_only_the_outer_one_is_seen() {
    asked(async {
        let outcome = timeout_scope_cooperative(HOUR, async |outer| {
            let inner = timeout_scope_cooperative(HOUR, async |inner| {
                outer.reschedule(Some(long_ago())).expect("it is active");
                inner.reschedule(Some(long_ago())).expect("it is active");
                let cancelled = interrupted().await;
                assert_eq!((outer.expired(), inner.expired(), requests()), (true, true, 2));
                Err::<(), _>(cancelled)
            });
            inner.await?.expect("neither a value nor a timeout");
            Ok(())
        });
        assert_eq!((outcome.await?, requests()), (Err(Elapsed), 0));
        Ok(())
    });
}

#[test]
fn an_inner_timeout_stays_inside() {
    asked(async {
        let outcome = timeout_scope_cooperative(HOUR, async |_| {
            let inner = timeout_scope_cooperative(MS, async |_| Err::<(), _>(interrupted().await));
            assert_eq!(inner.await?, Err(Elapsed));
            cancellable(yield_now()).await
        });
        assert_eq!(outcome.await?, Ok(()));
        Ok(())
    });
}

#[test]
fn two_timeouts_beside_each_other_each_reach_their_own_body() {
    asked(async {
        let late = |time| timeout_scope_cooperative(time, async |_| Err::<(), _>(interrupted().await));
        // The second one is the innermost of the task when the first one expires.
        let quick = timeout_scope_cooperative(HOUR, async |_| {
            for _ in 0..3 {
                cancellable(yield_now()).await?;
            }
            Ok(())
        });
        let ((first, second), third) = zip(zip(late(Duration::ZERO), late(MS)), quick).await;
        assert_eq!((first?, second?, third?, requests()), (Err(Elapsed), Err(Elapsed), Ok(()), 0));
        Ok(())
    });
}

#[test]
fn a_scope_that_has_expired_cannot_be_moved_and_one_that_is_moved_away_does_not_ask() {
    asked(async {
        let moved = timeout_scope_cooperative(Duration::ZERO, async |scope| {
            scope.reschedule(None).expect("it is active");
            cancellable(yield_now()).await
        });
        assert_eq!(moved.await?, Ok(()));
        let expired = timeout_scope_cooperative(MS, async |scope| {
            let cancelled = interrupted().await;
            scope.reschedule(None).expect_err("it has expired");
            Err::<(), _>(cancelled)
        });
        assert_eq!(expired.await?, Err(Elapsed));
        Ok(())
    });
}

#[test]
fn a_scope_that_is_dropped_takes_its_request_along() {
    asked(async {
        let deaf = timeout_scope_cooperative(Duration::ZERO, async |_| pending::<Result<(), _>>().await);
        assert_eq!(timeout(MS, deaf).await.expect_err("it never answers"), Elapsed);
        assert_eq!(requests(), 0);
        cancellable(yield_now()).await
    });
}

#[test]
fn in_a_task_of_the_usual_kind_the_body_is_dropped_and_its_clean_ups_are_awaited() {
    run(async {
        let trace = Trace::default();
        let cleaned = trace.clone();
        let outcome = timeout_scope_cooperative(MS, async |_| {
            finally(
                (),
                async |()| Err::<(), _>(interrupted().await),
                async move |()| {
                    yield_now().await;
                    cleaned.add("cleaned up");
                },
            )
            .await
        });
        assert_eq!(outcome.await.expect("nobody was asked"), Err(Elapsed));
        assert_eq!(trace.take(), "cleaned up");
    });
}

/// Takes requests, and then has a clean-up to wait for.
async fn slow_to_tell() -> Result<(), Cancelled> {
    let clean_up = async |()| yield_now().await;
    cancellable(finally((), async |_: &mut ()| pending::<()>().await, clean_up)).await
}

#[test]
fn a_request_of_the_task_that_a_body_took_and_has_not_told_outlives_the_scope_that_is_dropped() {
    asked(async {
        let me = current_task().expect("inside a task");
        let mut scope = Box::pin(timeout_scope_cooperative(HOUR, async |_| slow_to_tell().await));
        assert!(poll_once(scope.as_mut()).await.is_none());
        me.cancel("not lost");
        assert!(poll_once(scope.as_mut()).await.is_none(), "it waits for the clean-up");
        drop(scope);
        assert_eq!(interrupted().await.reason().as_str(), "not lost");
        assert_eq!(requests(), 1);
        Ok(())
    });
}

#[test]
fn a_request_of_the_scope_that_its_body_took_and_has_not_told_goes_with_the_scope() {
    asked(async {
        let moved = timeout_scope_cooperative(HOUR, async |scope| {
            scope.reschedule(Some(long_ago())).expect("it is active");
            slow_to_tell().await
        });
        let mut moved = Box::pin(moved);
        assert!(poll_once(moved.as_mut()).await.is_none());
        // A deadline that is past comes in the next turn.
        yield_now().await;
        assert!(poll_once(moved.as_mut()).await.is_none(), "it waits for the clean-up");
        assert_eq!(requests(), 1);
        drop(moved);
        assert_eq!(requests(), 0);
        cancellable(yield_now()).await
    });
}
