//! `shield`: who is cancelled, and who is told.

use crate::run;
use crate::trace::Trace;
use core_loop::{Future, JoinError, Loop, Waitable, gather, shield, spawn, timeout, yield_now};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn cancelling_the_awaiter_spares_what_is_shielded() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let outer = spawn(shield(async move {
            yield_now().await;
            yield_now().await;
            inside.add("went on");
        }));
        yield_now().await;
        outer.cancel("only the outer one");
        assert!(matches!(outer.await, Err(JoinError::Cancelled(_))));
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "went on");
    });
}

#[test]
fn a_shielded_handle_is_still_there_afterwards() {
    run(async {
        let mut task = spawn(async {
            yield_now().await;
            7
        });
        assert!(timeout(Duration::ZERO, (&mut task).shield()).await.is_err());
        assert_eq!((&mut task).shield().await.expect("it ended"), 7);
    });
}

#[test]
fn a_cancel_of_what_is_shielded_comes_out() {
    run(async {
        let inner = Future::<()>::new();
        let outer = spawn(inner.clone().shield());
        yield_now().await;
        inner.cancel("inside");
        let outcome = outer.await.expect("the outer task itself was not cancelled");
        assert!(matches!(outcome, Err(JoinError::Cancelled(reason)) if reason.as_str() == "inside"));
    });
}

#[test]
fn a_failure_behind_a_shield_that_is_gone_is_reported_once_and_a_success_is_not() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current()
            .set_exception_handler(move |_, context| reported.add(context.panic.expect("a panic").message()));
        for fails in [true, false] {
            let outer = spawn(shield(async move {
                yield_now().await;
                yield_now().await;
                assert!(!fails, "nobody waits");
            }));
            yield_now().await;
            outer.cancel("gone");
            assert!(outer.await.is_err());
            for _ in 0..3 {
                yield_now().await;
            }
            assert_eq!(trace.take(), if fails { "nobody waits" } else { "" });
        }
    });
}

#[test]
fn a_shielded_gather_lives_on_and_gathered_shields_die_alone() {
    run(async {
        let trace = Trace::default();
        let child = |name: &'static str| {
            let trace = trace.clone();
            async move {
                for _ in 0..3 {
                    yield_now().await;
                }
                trace.add(name);
            }
        };
        let around = spawn(shield(gather((child("a"), child("b")))));
        let among = spawn(gather((shield(child("c")), shield(child("d")))));
        yield_now().await;
        yield_now().await;
        around.cancel("the shield");
        among.cancel("the shields");
        assert!(around.await.is_err() && among.await.is_err());
        for _ in 0..4 {
            yield_now().await;
        }
        assert_eq!(trace.take(), "a b c d");
    });
}

#[test]
fn a_shield_that_is_cancelled_itself_wakes_whoever_polls_it() {
    run(async {
        let shielded = Rc::new(RefCell::new(shield(pending::<()>())));
        let polled = shielded.clone();
        let waiter = spawn(poll_fn(move |cx| Pin::new(&mut *polled.borrow_mut()).poll(cx)));
        yield_now().await;
        assert!(shielded.borrow().request_cancel("the shield".into()));
        assert!(!shielded.borrow().request_cancel("again".into()));
        assert!(
            matches!(waiter.await, Ok(Err(JoinError::Cancelled(reason))) if reason.as_str() == "the shield")
        );
    });
}
