//! `as_completed`: the order, the timeout, and that nothing is cancelled.

use crate::run;
use crate::trace::Trace;
use core_loop::{Elapsed, Future, Task, as_completed, sleep, spawn, yield_now};
use futures_lite::StreamExt;
use std::future::pending;
use std::time::Duration;

fn after(turns: usize) -> Task<usize> {
    spawn(async move {
        for _ in 0..turns {
            yield_now().await;
        }
        turns
    })
    .named(format!("after {turns}"))
}

#[test]
fn handles_come_back_in_the_order_in_which_they_ended() {
    run(async {
        let (mut names, mut outputs) = (Vec::new(), Vec::new());
        let mut tasks = as_completed([3, 1, 2, 2].map(after));
        while let Some(task) = tasks.next().await {
            names.push(task.name());
            outputs.push(task.await.expect("it ended"));
        }
        assert_eq!(names, ["after 1", "after 2", "after 2", "after 3"]);
        assert_eq!(outputs, [1, 2, 2, 3]);
        assert!(tasks.next().await.is_none(), "once more");
    });
}

#[test]
fn those_that_end_before_anybody_asks_come_in_order_too() {
    run(async {
        let done = after(0);
        yield_now().await;
        let tasks = as_completed([after(2), after(1), done]);
        for _ in 0..5 {
            yield_now().await;
        }
        let order: Vec<_> =
            StreamExt::then(tasks, |task| async { task.await.expect("it ended") }).collect().await;
        assert_eq!(order, [0, 1, 2]);
    });
}

#[test]
fn of_nothing_nothing_comes() {
    run(async {
        assert!(as_completed(Vec::<Task<()>>::new()).next().await.is_none());
        assert!(as_completed(Vec::<Task<()>>::new()).timeout(Duration::ZERO).next().await.is_none());
    });
}

#[test]
fn after_the_timeout_comes_one_error_then_nothing_and_the_tasks_go_on() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let release = Future::new();
        let held = release.clone();
        let slow = spawn(async move {
            held.await.expect("it is set");
            inside.add("went on");
            9
        });
        let mut tasks = as_completed([slow, after(0)]).timeout(Duration::from_millis(2));
        assert_eq!(tasks.next().await.expect("one ended").expect("in time").await.expect("it ended"), 0);
        assert!(matches!(tasks.next().await, Some(Err(Elapsed))));
        assert!(tasks.next().await.is_none());
        let [slow] = <[_; 1]>::try_from(tasks.into_pending()).expect("one is left");
        release.set_result(()).expect("it is pending");
        assert_eq!(slow.await.expect("it was not cancelled"), 9);
        assert_eq!(trace.take(), "went on");
    });
}

#[test]
fn what_ended_before_the_timeout_comes_however_late_anybody_asks() {
    run(async {
        let mut tasks = as_completed([after(0), spawn(pending())]).timeout(Duration::from_millis(2));
        sleep(Duration::from_millis(5)).await;
        assert!(matches!(tasks.next().await, Some(Ok(task)) if task.done()));
        assert!(matches!(tasks.next().await, Some(Err(Elapsed))));
    });
}

#[test]
fn a_timeout_of_zero_or_of_for_ever_works() {
    run(async {
        let mut tasks = as_completed([spawn(pending::<()>())]).timeout(Duration::ZERO);
        assert!(matches!(tasks.next().await, Some(Err(Elapsed))));
        let mut tasks = as_completed([after(1)]).timeout(Duration::MAX);
        assert!(matches!(tasks.next().await, Some(Ok(_))));
        assert!(tasks.next().await.is_none());
    });
}

#[test]
fn cancelling_whoever_waits_cancels_none_and_dropping_it_detaches() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let task = spawn(async move {
            yield_now().await;
            yield_now().await;
            inside.add("went on");
        });
        let waiter = spawn(async move { as_completed([task]).next().await.is_some() });
        yield_now().await;
        waiter.cancel("enough");
        assert!(waiter.await.is_err());
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "went on");
    });
}

#[test]
fn a_next_that_is_dropped_loses_nothing() {
    run(async {
        let mut tasks = as_completed([after(2)]);
        for _ in 0..9 {
            if let Some(next) = futures_lite::future::poll_once(tasks.next()).await {
                assert_eq!(next.expect("one").await.expect("it ended"), 2);
                return;
            }
            yield_now().await;
        }
        panic!("it never came");
    });
}

#[test]
fn futures_come_as_tasks_do() {
    run(async {
        let futures = [Future::new(), Future::new()];
        let mut completed = as_completed(futures.clone());
        futures[1].set_result(1).expect("it is pending");
        futures[0].cancel("enough");
        assert_eq!(completed.next().await.expect("one").await.expect("it was set"), 1);
        assert!(completed.next().await.expect("two").await.is_err());
    });
}
