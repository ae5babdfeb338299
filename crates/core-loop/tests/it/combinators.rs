//! Timeouts and gather: who wins, who runs on.

use crate::run;
use crate::trace::Trace;
use core_loop::{Elapsed, JoinError, all_tasks, gather, sleep, spawn, timeout, try_gather, yield_now};
use std::future::{pending, poll_fn, ready};
use std::task::Poll;
use std::time::Duration;

#[test]
fn a_timeout_of_zero_lets_a_body_without_awaits_finish_and_ends_one_that_yields() {
    run(async {
        assert_eq!(timeout(Duration::ZERO, ready(7)).await, Ok(7));
        assert_eq!(timeout(Duration::ZERO, yield_now()).await, Err(Elapsed));
    });
}

#[test]
fn an_output_that_comes_in_the_same_turn_as_the_deadline_loses() {
    run(async {
        let deadline = Duration::from_millis(2);
        let mut polls = 0;
        let both = poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            // Wakes at a time when the deadline has passed too.
            let waker = cx.waker().clone();
            let lp = core_loop::Loop::current();
            let late = lp.time() + deadline + Duration::from_millis(3);
            lp.call_soon(move || {
                while core_loop::Loop::current().time() < late {}
                waker.wake();
            });
            Poll::Pending
        });
        assert_eq!(timeout(deadline, both).await, Err(Elapsed));
    });
}

#[test]
fn an_inner_timeout_stays_inner() {
    run(async {
        let outer = timeout(Duration::from_secs(60), async {
            let inner = timeout(Duration::from_millis(1), pending::<()>()).await;
            (inner, "went on")
        });
        assert_eq!(outer.await, Ok((Err(Elapsed), "went on")));
    });
}

#[test]
fn gather_gives_outputs_in_the_order_of_the_arguments() {
    run(async {
        let slow = async {
            sleep(Duration::from_millis(2)).await;
            "slow"
        };
        assert_eq!(gather((slow, async { 1 }, ready('c'))).await.expect("nobody failed"), ("slow", 1, 'c'));
        assert!(gather(Vec::<std::future::Ready<()>>::new()).await.expect("nothing to do").is_empty());
    });
}

#[test]
fn an_array_of_futures_is_gathered_into_an_array() {
    crate::run(async {
        let [three, four] = gather([3, 4].map(|n| async move {
            sleep(Duration::from_millis(5 - n)).await;
            n
        }))
        .await
        .expect("nobody failed");
        assert_eq!((three, four), (3, 4));
        let none: [std::future::Ready<()>; 0] = [];
        assert_eq!(gather(none).await.expect("nothing to do"), []);
        let fallible = |texts: [&'static str; 2]| texts.map(|text| async move { text.parse::<u8>() });
        assert_eq!(try_gather(fallible(["1", "2"])).await.expect("nobody is cancelled"), Ok([1, 2]));
        assert!(try_gather(fallible(["1", "x"])).await.expect("nobody is cancelled").is_err());
        let (_gathered, line) = (gather([std::future::pending::<()>()]), line!());
        let last = all_tasks().pop().expect("it was just spawned");
        assert_eq!((last.spawned_at().file(), last.spawned_at().line()), (file!(), line));
        last.cancel("seen");
    });
}

#[test]
fn gather_fails_at_once_and_the_others_run_on_unreported() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        core_loop::Loop::current().set_exception_handler(move |_, _| reported.add("reported"));
        let on = trace.clone();
        let gathered = gather((async { panic!("first") }, async move {
            sleep(Duration::from_millis(1)).await;
            on.add("ran on");
            panic!("second");
        }));
        assert!(
            matches!(gathered.await.map(|((), ())| ()), Err(JoinError::Panicked(panic)) if panic.message() == "first")
        );
        sleep(Duration::from_millis(10)).await;
        assert_eq!(trace.take(), "ran on");
    });
}

#[test]
fn cancelling_the_awaiter_of_a_gather_cancels_every_child() {
    run(async {
        let trace = Trace::default();
        let guards = ["a", "b"].map(|name| trace.on_drop(name));
        let outer = spawn(async move {
            let children = guards.into_iter().map(|guard| async move {
                let _guard = guard;
                pending::<()>().await;
            });
            gather(children.collect::<Vec<_>>()).await.map(drop)
        });
        yield_now().await;
        yield_now().await;
        outer.cancel("all of you");
        assert!(matches!(outer.await, Err(JoinError::Cancelled(_))));
        yield_now().await;
        assert_eq!(trace.take(), "a b");
    });
}

#[test]
fn dropping_a_gather_for_another_reason_detaches_its_children() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        drop(gather(vec![async move { inside.add("ran") }]));
        yield_now().await;
        assert_eq!(trace.take(), "ran");
    });
}

#[test]
fn a_gather_of_nothing_is_ready_at_once() {
    run(async {
        assert!(gather(Vec::<std::future::Ready<()>>::new()).await.expect("nobody fails").is_empty())
    });
}

#[test]
fn of_two_that_fail_the_one_that_failed_first_counts() {
    run(async {
        let outcome = gather(
            vec![1, 0]
                .into_iter()
                .map(|turns| async move {
                    for _ in 0..turns {
                        yield_now().await;
                    }
                    panic!("after {turns}");
                })
                .collect::<Vec<_>>(),
        )
        .await
        .map(|_: Vec<()>| ());
        assert!(matches!(outcome, Err(JoinError::Panicked(panic)) if panic.message() == "after 0"));
    });
}

#[test]
fn a_gather_keeps_one_waker_a_child_and_none_when_it_is_gone() {
    struct Nobody;
    impl std::task::Wake for Nobody {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    run(async {
        let nobody = std::sync::Arc::new(Nobody);
        let waker = std::task::Waker::from(nobody.clone());
        let mut all = gather((0..1000).map(|_| pending::<()>()).collect::<Vec<_>>());
        for _ in 0..2 {
            assert!(
                std::pin::Pin::new(&mut all).poll(&mut std::task::Context::from_waker(&waker)).is_pending()
            );
            // The test's, its waker's, the children's and the gather's.
            assert_eq!(std::sync::Arc::strong_count(&nobody), 1003);
        }
        drop(all);
        assert_eq!(std::sync::Arc::strong_count(&nobody), 2);
    });
}

#[test]
fn a_gather_waits_for_the_clean_ups_of_a_child_and_meanwhile_sees_the_others() {
    run(async {
        let trace = Trace::default();
        let (body, cleaned) = (trace.clone(), trace.clone());
        let slow = async move {
            // A clean-up that the future leaves to its task.
            let left = core_loop::finally(
                cleaned,
                async |_: &mut Trace| pending::<()>().await,
                async |trace: Trace| {
                    after(4, ()).await;
                    trace.add("cleaned up");
                },
            );
            futures_lite::future::or(left, yield_now()).await;
            body.add("ended");
        };
        gather((slow, after(2, ()), after(9, ()))).await.expect("nobody fails");
        trace.add("all");
        assert_eq!(trace.take(), "ended cleaned up all");
    });
}

/// Gives `output` after so many turns.
async fn after<T>(turns: usize, output: T) -> T {
    for _ in 0..turns {
        yield_now().await;
    }
    output
}

#[test]
fn try_gather_gives_values_or_the_first_error_in_time_and_the_others_run_on() {
    run(async {
        let values =
            try_gather((after(2, Ok::<_, &str>(1)), after(1, Ok("two")))).await.expect("nobody panics");
        assert_eq!(values, Ok((1, "two")));
        let trace = Trace::default();
        let on = trace.clone();
        let outcome =
            try_gather((after(3, Err::<(), _>("late")), after(1, Err::<(), _>("early")), async move {
                after(5, ()).await;
                on.add("ran on");
                Ok(())
            }));
        assert_eq!(outcome.await.expect("nobody panics"), Err("early"));
        assert_eq!(trace.take(), "");
        after(6, ()).await;
        assert_eq!(trace.take(), "ran on");
    });
}

#[test]
fn of_two_that_fail_in_one_turn_the_first_counts_in_a_tuple_too() {
    run(async {
        // Both fail in the same turn; the second was spawned later but is woken first.
        let order = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let failing = |name: &'static str| {
            let order = order.clone();
            poll_fn(move |cx| {
                if order.borrow().len() == 2 {
                    return Poll::Ready(Err::<(), _>(name));
                }
                order.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            })
        };
        let gathered = spawn(try_gather((failing("a"), failing("b"))));
        after(2, ()).await;
        let wakers: Vec<_> = order.borrow().clone();
        wakers.iter().rev().for_each(|waker| waker.wake_by_ref());
        assert_eq!(gathered.await.expect("it ended").expect("nobody panics"), Err("b"));
    });
}

#[test]
fn a_task_that_is_cancelled_is_an_error_of_try_gather_and_no_cancel_of_its_awaiter() {
    run(async {
        let (first, second) = (spawn(pending::<()>()), spawn(after(4, ())));
        first.cancel("one of them");
        let outcome = try_gather((first, second)).await.expect("the children themselves were not cancelled");
        assert!(matches!(outcome, Err(JoinError::Cancelled(reason)) if reason.as_str() == "one of them"));
    });
}

#[test]
fn a_try_gather_of_many_and_of_none() {
    run(async {
        let all = (0..100).map(|n| after(n % 7, Ok::<_, ()>(n))).collect::<Vec<_>>();
        assert_eq!(try_gather(all).await.expect("nobody panics"), Ok((0..100).collect()));
        let none: Vec<std::future::Ready<Result<u8, ()>>> = Vec::new();
        assert_eq!(try_gather(none).await.expect("nobody panics"), Ok(Vec::new()));
        let outcome = try_gather(vec![async { panic!("in a child") }]).await;
        assert!(matches!(outcome.map(|_: Result<Vec<()>, ()>| ()), Err(JoinError::Panicked(_))));
    });
}

#[test]
fn a_gather_that_failed_and_is_kept_does_not_cancel_the_rest() {
    run(async {
        let trace = Trace::default();
        let on = trace.clone();
        let outer = spawn(async move {
            let mut gathered = try_gather((async { Err::<(), _>("first") }, async move {
                after(5, ()).await;
                on.add("ran on");
                Ok(())
            }));
            assert!((&mut gathered).await.expect("nobody panics").is_err());
            pending::<()>().await;
            drop(gathered);
        });
        after(3, ()).await;
        outer.cancel("the awaiter");
        assert!(outer.await.is_err());
        after(6, ()).await;
        assert_eq!(trace.take(), "ran on");
    });
}
