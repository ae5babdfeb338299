//! Futures that somebody sets: once, from anywhere, for many.

use crate::run;
use crate::trace::Trace;
use core_loop::{Future, JoinError, Loop, Waitable, sleep, spawn, timeout, yield_now};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

#[test]
fn it_is_set_once_and_whoever_comes_second_gets_the_output_back_and_the_cure() {
    let future = Future::new();
    assert_eq!(
        future.result().unwrap_err().to_string(),
        "the future has no outcome yet: await it, or ask `done()` first"
    );
    future.set_result(String::from("first")).expect("it is pending");
    let refused = future.set_result(String::from("second")).expect_err("it is done");
    assert!(refused.to_string().contains("ask `done()` before setting it"), "{refused}");
    assert_eq!(refused.into_inner(), "second");
    assert!(!future.cancel("too late"));
    assert!(future.done() && !future.cancelled());
    assert_eq!(future.result().expect("it was set"), "first");
}

#[test]
fn a_cancelled_future_says_so_and_a_late_output_changes_nothing() {
    run(async {
        let future = Future::new();
        assert!(future.cancel("nobody wants it"));
        let late = future.set_result(1).expect_err("it was cancelled");
        assert!(late.to_string().contains("nobody wants it"), "{late}");
        assert!(future.done() && future.cancelled());
        assert!(future.result().is_err());
        assert!(
            matches!(future.clone().await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "nobody wants it")
        );
    });
}

#[test]
fn an_error_is_an_output_with_a_name_of_its_own() {
    let future = Future::<Result<u8, &str>>::new();
    assert!(future.exception().is_err(), "it is pending");
    future.set_exception("no luck").expect("it is pending");
    assert_eq!(future.exception().expect("it is done"), Some(&"no luck"));
    assert_eq!(future.set_exception("again").expect_err("it is done").into_inner(), "again");
    let fine = Future::<Result<u8, &str>>::new();
    fine.set_result(Ok(1)).expect("it is pending");
    assert_eq!(fine.exception().expect("it is done"), None);
}

#[test]
fn many_await_clones_in_the_order_in_which_they_came_and_callbacks_among_them() {
    run(async {
        let trace = Trace::default();
        let future = Loop::current().create_future();
        let waiter = |name: &'static str| {
            let (trace, future) = (trace.clone(), future.clone());
            spawn(async move { trace.add(format_args!("{name}{}", future.await.expect("it was set"))) })
                .detach();
        };
        waiter("a");
        yield_now().await;
        let noted = trace.clone();
        future.add_done_callback(move || noted.add("callback"));
        waiter("b");
        yield_now().await;
        future.set_result(7).expect("it is pending");
        assert_eq!(trace.take(), "", "nothing runs inside the call");
        yield_now().await;
        assert_eq!(trace.take(), "a7 callback b7");
    });
}

#[test]
fn a_callback_on_a_done_future_comes_in_the_next_turn_and_a_cancelled_one_never() {
    run(async {
        let trace = Trace::default();
        let note = |word: &'static str| {
            let trace = trace.clone();
            move || trace.add(word)
        };
        let future = Future::new();
        future.set_result(()).expect("it is pending");
        future.add_done_callback(note("late"));
        let taken_back = future.add_done_callback(note("never"));
        taken_back.cancel();
        assert_eq!(trace.take(), "");
        yield_now().await;
        assert_eq!(trace.take(), "late");

        let future = Future::new();
        let taken_back = future.add_done_callback(note("never"));
        future.add_done_callback(note("kept"));
        taken_back.cancel();
        future.set_result(()).expect("it is pending");
        yield_now().await;
        assert_eq!(trace.take(), "kept");
    });
}

#[test]
fn a_callback_that_panics_is_reported_and_the_next_one_comes() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current()
            .set_exception_handler(move |_, context| reported.add(context.panic.expect("a panic").message()));
        let future = Future::new();
        future.add_done_callback(|| panic!("boom"));
        let next = trace.clone();
        future.add_done_callback(move || next.add("next"));
        future.set_result(()).expect("it is pending");
        yield_now().await;
        assert_eq!(trace.take(), "boom next");
    });
}

#[test]
fn callbacks_of_a_future_that_nobody_can_set_any_more_are_dropped_on_their_loop() {
    run(async {
        let trace = Trace::default();
        let guard = trace.on_drop("dropped");
        let future = Future::<()>::new();
        future.add_done_callback(move || {
            let _guard = &guard;
        });
        thread::spawn(move || drop(future)).join().expect("a drop");
        // In the turn that takes what the thread sent, this task comes first.
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "dropped");
    });
}

#[test]
fn a_future_that_outlives_its_loop_has_lost_its_callbacks_there() {
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    let future = Future::new();
    let inside = future.clone();
    run(async move {
        inside.add_done_callback(move || {
            let _guard = &guard;
        });
    });
    assert_eq!(trace.take(), "dropped");
    future.set_result(()).expect("it is pending");
}

#[test]
fn a_thread_sets_it_for_two_loops_and_a_thread_that_blocks() {
    let future = Future::new();
    let elsewhere = [future.clone(), future.clone()]
        .map(|future| thread::spawn(move || run(future).expect("it was set")));
    let blocked = future.clone();
    let blocked = thread::spawn(move || contract::block_on(blocked).expect("it was set"));
    future.set_result(Arc::new(7)).expect("it is pending");
    for thread in elsewhere {
        assert_eq!(*thread.join().expect("it ends"), 7);
    }
    assert_eq!(*blocked.join().expect("it ends"), 7);
}

#[test]
fn no_wake_is_lost_between_a_thread_that_sets_and_awaiters_that_register() {
    let (send, receive) = mpsc::channel::<Future<usize>>();
    let setter = thread::spawn(move || {
        for (round, future) in receive.into_iter().enumerate() {
            future.set_result(round).expect("nobody else sets it");
        }
    });
    run(async {
        for round in 0..20_000 {
            let future = Future::new();
            let other = spawn(future.clone());
            if round % 2 == 0 {
                yield_now().await;
            }
            send.send(future.clone()).expect("the thread lives");
            assert_eq!(future.await.expect("it was set"), round);
            assert_eq!(other.await.expect("it ended").expect("it was set"), round);
        }
    });
    drop(send);
    setter.join().expect("it ends");
}

#[test]
fn a_promise_that_is_dropped_unkept_cancels() {
    run(async {
        let (promise, future) = Future::<u8>::promise();
        let thread = thread::spawn(move || {
            let _promise = promise;
            std::panic::resume_unwind(Box::new("the thread died"));
        });
        let outcome = future.await;
        assert!(
            matches!(&outcome, Err(JoinError::Cancelled(reason)) if reason.as_str().contains("promise was dropped")),
            "{outcome:?}"
        );
        assert!(thread.join().is_err());
    });
}

#[test]
fn a_promise_sees_that_nobody_waits() {
    let (promise, future) = Future::<Result<u8, ()>>::promise();
    assert!(!promise.cancelled());
    future.cancel("enough");
    assert!(promise.cancelled());
    assert!(promise.set_exception(()).is_err());
}

#[test]
fn cancelling_an_awaiter_cancels_the_future_for_everybody_unless_it_is_shielded() {
    run(async {
        let future = Future::<u8>::new();
        let shielded = spawn(future.clone().shield());
        let awaiter = spawn(future.clone());
        let other = spawn(future.clone());
        yield_now().await;
        shielded.cancel("only this one");
        assert!(shielded.await.is_err());
        assert!(!future.done());
        awaiter.cancel("all of you");
        assert!(awaiter.await.is_err());
        assert!(future.cancelled());
        assert!(matches!(other.await, Ok(Err(JoinError::Cancelled(_)))));
    });
}

#[test]
fn a_timeout_cancels_the_future_that_it_awaits_but_a_dropped_handle_does_not() {
    run(async {
        let future = Future::<u8>::new();
        let mut held = future.clone();
        std::future::poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut held).poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(held);
        assert!(!future.done());
        assert!(timeout(Duration::ZERO, future.clone()).await.is_err());
        assert!(future.cancelled());
    });
}

#[test]
fn an_output_is_cloned_outside_the_lock_and_may_look_at_its_own_future() {
    #[derive(Debug)]
    struct Curious(Rc<RefCell<Option<Future<Self>>>>);
    impl Clone for Curious {
        fn clone(&self) -> Self {
            assert!(self.0.borrow().as_ref().is_some_and(Future::done));
            Self(self.0.clone())
        }
    }
    run(async {
        let future = Future::new();
        let own = Rc::new(RefCell::new(Some(future.clone())));
        future.set_result(Curious(own.clone())).expect("it is pending");
        future.await.expect("it was set");
        own.take();
    });
}

#[test]
fn an_awaiter_that_goes_leaves_no_waker_behind() {
    run(async {
        let future = Future::<u8>::new();
        let counted = Rc::new(());
        for _ in 0..3 {
            let (future, counted) = (future.clone(), counted.clone());
            let task = spawn(async move {
                let _counted = counted;
                futures_lite::future::or(async { drop(future.await) }, sleep(Duration::ZERO)).await;
                pending::<()>().await;
            });
            yield_now().await;
            yield_now().await;
            task.cancel("gone");
            yield_now().await;
        }
        assert_eq!(Rc::strong_count(&counted), 1);
        assert!(!future.done(), "nobody was awaiting it when the tasks were cancelled");
    });
}
