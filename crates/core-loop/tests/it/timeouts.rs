//! Timeouts by time, in place, and with a scope.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    Deadline, Elapsed, JoinError, Loop, TimeoutScope, finally, sleep, sleep_until, spawn, timeout,
    timeout_at, timeout_scope, yield_now,
};
use std::cell::RefCell;
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn now() -> Instant {
    Loop::current().time()
}

fn long_ago() -> Instant {
    now().checked_sub(Duration::from_secs(1)).expect("the machine is up for a second")
}

#[test]
fn a_time_that_is_past_lets_a_body_without_awaits_finish() {
    run(async {
        assert_eq!(timeout_at(long_ago(), ready(7)).await, Ok(7));
        assert_eq!(timeout_at(long_ago(), yield_now()).await, Err(Elapsed));
        assert_eq!(timeout_at(now() + MS, pending::<()>()).await, Err(Elapsed));
        sleep_until(long_ago()).await;
    });
}

#[test]
fn a_duration_too_long_to_count_never_ends() {
    run(async {
        assert_eq!(timeout(Duration::MAX, yield_now()).await, Ok(()));
        assert_eq!(timeout_scope(Duration::MAX, async |_| yield_now().await).await, Ok(()));
        assert_eq!(timeout(MS, sleep(Duration::MAX)).await, Err(Elapsed));
    });
}

#[test]
fn a_timeout_holds_its_future_in_place() {
    let future = async {
        let block = [0_u8; 1000];
        yield_now().await;
        block.len()
    };
    run(async {
        let limited = timeout(MS * 60_000, future);
        assert!(size_of_val(&limited) >= 1000, "no box, no second allocation");
        assert_eq!(limited.await, Ok(1000));
    });
}

#[test]
fn the_body_is_dropped_before_the_error_is_told() {
    run(async {
        let trace = Trace::default();
        let mut limited = Box::pin(timeout(MS, {
            let guard = trace.on_drop("dropped");
            async move {
                let _guard = guard;
                pending::<()>().await;
            }
        }));
        assert_eq!(limited.as_mut().await, Err(Elapsed));
        assert_eq!(trace.take(), "dropped");
    });
}

#[test]
fn a_scope_that_ends_in_time_gives_its_output_and_says_so_afterwards() {
    run(async {
        let kept = Rc::new(RefCell::new(None));
        let keep = kept.clone();
        let outcome = timeout_scope(MS * 60_000, async |scope: TimeoutScope| {
            keep.replace(Some(scope.clone()));
            yield_now().await;
            scope.when()
        });
        let deadline = outcome.await.expect("in time");
        let scope = kept.take().expect("it ran");
        assert_eq!((scope.when(), scope.expired()), (deadline, false));
        let refused = scope.reschedule(None).expect_err("it is over");
        assert!(refused.to_string().contains("inside its body"), "{refused}");
    });
}

#[test]
fn a_scope_and_its_move_take_a_duration_a_time_and_none_at_all() {
    run(async {
        let later = now() + MS * 60_000;
        let when = async |scope: TimeoutScope| scope.when();
        assert_eq!(timeout_scope(later, when).await, Ok(Some(later)));
        assert_eq!(timeout_scope(None, when).await, Ok(None));
        assert_eq!(timeout_scope(Some(later), when).await, Ok(Some(later)));
        assert_eq!(timeout_scope(Duration::MAX, when).await, Ok(None), "too long to count");
        assert!(timeout_scope(MS * 60_000, when).await.expect("in time").is_some_and(|when| when >= later));
        assert_eq!(timeout_scope(Deadline::after(None), when).await, Ok(None));
        assert_eq!(timeout_scope(Deadline::NEVER, when).await, Ok(None));
        assert_eq!(timeout_scope(long_ago(), async |_| yield_now().await).await, Err(Elapsed));
        let moved = timeout_scope(None, async |scope| {
            scope.reschedule(later).expect("it is active");
            assert_eq!(scope.when(), Some(later));
            scope.reschedule(scope.when()).expect("it is active");
            assert_eq!(scope.when(), Some(later));
            scope.reschedule(Duration::MAX).expect("it is active");
            assert_eq!(scope.when(), None);
            scope.reschedule(MS).expect("it is active");
            assert!(scope.when().is_some() && !scope.expired());
            pending::<()>().await;
        });
        assert_eq!(moved.await, Err(Elapsed));
    });
}

#[test]
fn a_deadline_that_is_moved_back_or_taken_away_does_not_come() {
    run(async {
        for when in [Some(now() + MS * 60_000), None] {
            let outcome = timeout_scope(MS, async |scope| {
                scope.reschedule(when).expect("it is active");
                sleep(MS * 5).await;
                (scope.when(), scope.expired())
            });
            assert_eq!(outcome.await, Ok((when, false)));
        }
    });
}

#[test]
fn a_deadline_that_is_moved_forward_or_into_the_past_comes_earlier() {
    run(async {
        for when in [now() + MS, long_ago()] {
            let outcome = timeout_scope(Duration::MAX, async |scope| {
                scope.reschedule(Some(when)).expect("it is active");
                assert!(!scope.expired(), "it takes an await");
                pending::<()>().await;
            });
            assert_eq!(outcome.await, Err(Elapsed));
            let without_awaits = timeout_scope(MS, async |scope| scope.reschedule(Some(when)).is_ok());
            assert_eq!(without_awaits.await, Ok(true));
        }
    });
}

#[test]
fn another_task_may_move_the_deadline() {
    run(async {
        let outcome = timeout_scope(Duration::MAX, async |scope| {
            Loop::current().call_soon(move || scope.reschedule(Some(long_ago())).expect("it is active"));
            pending::<()>().await;
        });
        assert_eq!(outcome.await, Err(Elapsed));
    });
}

#[test]
fn no_time_at_all_lets_a_scope_without_awaits_finish_and_ends_one_that_yields() {
    run(async {
        assert_eq!(timeout_scope(Duration::ZERO, async |scope| scope.expired()).await, Ok(false));
        assert_eq!(timeout_scope(Duration::ZERO, async |_| yield_now().await).await, Err(Elapsed));
    });
}

#[test]
fn while_a_scope_expires_its_clean_ups_see_it_and_cannot_move_it() {
    run(async {
        let trace = Trace::default();
        let seen = trace.clone();
        let outcome = timeout_scope(MS, async |scope| {
            finally(
                (scope, seen),
                async |_: &mut (TimeoutScope, Trace)| pending::<()>().await,
                async |(scope, seen): (TimeoutScope, Trace)| {
                    yield_now().await;
                    let refused = scope.reschedule(None).expect_err("it has expired");
                    seen.add(format_args!("{} {refused}", scope.expired()));
                },
            )
            .await;
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!(trace.take(), "true the timeout has expired: reschedule it before its deadline");
    });
}

#[test]
fn a_cancel_in_the_turn_of_the_deadline_wins_and_the_scope_has_expired_all_the_same() {
    run(async {
        let kept: Rc<RefCell<Option<TimeoutScope>>> = Rc::default();
        let keep = kept.clone();
        let task = spawn(timeout_scope(MS, async move |scope| {
            keep.replace(Some(scope));
            pending::<()>().await;
        }));
        yield_now().await;
        let scope = kept.take().expect("it ran");
        let late = now() + MS * 5;
        while now() < late {}
        assert!(!scope.expired(), "the loop has not looked at its timers since");
        let (task, cancelled) = (Rc::new(task), scope.clone());
        let cancel = task.clone();
        // Runs after the timer went off, and before the scope is polled.
        Loop::current().call_soon(move || {
            assert!(cancelled.expired());
            assert!(cancel.cancel("from outside"));
        });
        yield_now().await;
        let task = Rc::into_inner(task).expect("the callback ran");
        assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
        assert!(scope.expired());
    });
}

#[test]
fn a_body_whose_destructor_panics_at_the_deadline_fails_its_task_after_its_clean_ups_and_has_expired() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    run(async {
        let (trace, kept) = (Trace::default(), Rc::new(RefCell::new(None::<TimeoutScope>)));
        let (cleaned, keep) = (trace.clone(), kept.clone());
        let task = spawn(timeout_scope(MS, async move |scope| {
            keep.replace(Some(scope));
            let _bomb = Bomb;
            finally(
                cleaned,
                async |_: &mut Trace| pending::<()>().await,
                async |trace: Trace| {
                    yield_now().await;
                    trace.add("cleaned up");
                },
            )
            .await;
        }));
        let outcome = task.await;
        assert!(
            matches!(&outcome, Err(JoinError::Panicked(panic)) if panic.message() == "in a destructor"),
            "{outcome:?}"
        );
        assert_eq!(trace.take(), "cleaned up");
        assert!(kept.take().expect("it ran").expired());
    });
}

#[test]
fn a_scope_leaves_no_timer_behind() {
    run(async {
        let counted = Rc::new(());
        let inside = counted.clone();
        let kept = timeout_scope(MS * 60_000, async move |scope| {
            let _inside = inside;
            yield_now().await;
            scope
        });
        let scope = kept.await.expect("in time");
        assert_eq!(Rc::strong_count(&counted), 1);
        assert!(scope.when().is_some());
    });
}
