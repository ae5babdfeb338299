//! `wait`: who counts as done, and that nothing is touched.

use crate::run;
use crate::trace::Trace;
use core_loop::{Future, JoinError, Loop, ReturnWhen, Task, Waited, sleep, spawn, wait, yield_now};
use std::future::pending;
use std::time::Duration;

/// Gives `output` after so many turns.
fn after<T: 'static>(turns: usize, output: T) -> Task<T> {
    spawn(async move {
        for _ in 0..turns {
            yield_now().await;
        }
        output
    })
}

fn names<T>(tasks: &[&mut Task<T>]) -> String {
    tasks.iter().map(|task| task.name()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_completed_comes_with_whatever_ended_in_the_same_turn() {
    run(async {
        let mut tasks = [after(9, ()).named("slow"), after(1, ()).named("a"), after(1, ()).named("b")];
        let Waited { done, pending } = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).await;
        assert_eq!((names(&done), names(&pending)), ("a b".into(), "slow".into()));
        let Waited { done, pending } = wait(pending, ReturnWhen::ALL_COMPLETED).await;
        assert_eq!((names(&done), pending.len()), ("slow".into(), 0));
        for task in tasks {
            task.await.expect("outcomes are still there");
        }
    });
}

#[test]
fn the_sets_keep_the_order_of_the_arguments() {
    run(async {
        let mut tasks: Vec<_> =
            [3, 9, 1, 9, 2].map(|turns| after(turns, ()).named(format!("after {turns}"))).into();
        let (mut done, mut pending) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            yield_now().await;
        }
        let waited = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).await;
        done.extend(waited.done.iter().map(|task| task.name()));
        pending.extend(waited.pending.iter().map(|task| task.name()));
        assert_eq!(done, ["after 3", "after 1", "after 2"]);
        assert_eq!(pending, ["after 9", "after 9"]);
    });
}

#[test]
fn the_first_exception_is_an_error_or_a_panic_but_no_cancel() {
    run(async {
        let mut tasks = [after(1, Ok(())), after(3, Err("failed")), after(9, Ok(())), after(9, Ok(()))];
        tasks[3].cancel("no failure");
        let Waited { done, pending } = wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await;
        assert_eq!((done.len(), pending.len()), (3, 1));

        let mut tasks = [spawn(async { panic!("panicked") }), after(9, Ok::<(), ()>(()))];
        assert_eq!(wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await.done.len(), 1);
        let [panicked, _] = tasks;
        assert!(matches!(panicked.await, Err(JoinError::Panicked(_))));

        let panics = spawn(async {
            yield_now().await;
            panic!("panicked");
        });
        let mut tasks = [panics, after(9, 1), after(9, 2)];
        tasks[2].cancel("no failure");
        let waited = wait(&mut tasks, ReturnWhen::FIRST_PANIC).await;
        assert_eq!((waited.done.len(), waited.pending.len()), (2, 1));
        let [panicked, ..] = tasks;
        assert!(panicked.await.is_err());
    });
}

#[test]
fn without_a_failure_all_are_waited_for() {
    run(async {
        let mut tasks = [after(1, Ok(())), after(4, Ok::<_, ()>(()))];
        assert_eq!(wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await.done.len(), 2);
    });
}

#[test]
fn a_timeout_gives_partial_sets_and_cancels_nothing() {
    run(async {
        // It ends in the turn after this one, before the timer: no machine is too slow for it.
        let mut tasks = [after(0, ()), spawn(pending())];
        let waited = wait(&mut tasks, ReturnWhen::ALL_COMPLETED).timeout(Duration::from_millis(2)).await;
        assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
        assert!(!tasks[1].done());
        for duration in [Duration::ZERO, Duration::MAX] {
            let waited = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).timeout(duration).await;
            assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
        }
        let waited = wait(&mut tasks[1..], ReturnWhen::ALL_COMPLETED).timeout(Duration::ZERO).await;
        assert_eq!((waited.done.len(), waited.pending.len()), (0, 1));
    });
}

#[test]
fn waiting_for_none_is_ready_at_once() {
    run(async {
        let mut none: [Task<()>; 0] = [];
        let waited = wait(&mut none, ReturnWhen::FIRST_COMPLETED).await;
        assert_eq!((waited.done.len(), waited.pending.len()), (0, 0));
    });
}

#[test]
fn cancelling_whoever_waits_leaves_the_tasks_and_they_can_be_waited_for_again() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let waiter = spawn(async move {
            let mut tasks = [spawn(async move {
                sleep(Duration::from_millis(1)).await;
                inside.add("went on");
            })];
            wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await;
        });
        yield_now().await;
        yield_now().await;
        waiter.cancel("enough");
        assert!(waiter.await.is_err());
        sleep(Duration::from_millis(5)).await;
        assert_eq!(trace.take(), "went on");

        let mut tasks = [after(3, 7)];
        futures_lite::future::or(
            async { drop(wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await) },
            yield_now(),
        )
        .await;
        assert_eq!(wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await.done.len(), 1);
        let [task] = tasks;
        assert_eq!(task.await.expect("it ended"), 7);
    });
}

#[test]
fn futures_can_be_waited_for_as_tasks_can() {
    run(async {
        let mut futures = [Future::new(), Future::new(), Future::new()];
        let setter = futures[1].clone();
        Loop::current().call_soon(move || drop(setter.set_result(Err::<(), _>("failed"))));
        futures[2].cancel("no failure");
        let Waited { done, pending } = wait(&mut futures, ReturnWhen::FIRST_EXCEPTION).await;
        assert_eq!((done.len(), pending.len()), (2, 1));
    });
}
