//! `wait_for`: who wins, and that it waits for the end.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    Elapsed, Future, JoinError, Loop, NativeDriver, Runner, Waitable, cancellable, finally, shield, sleep,
    spawn, spawn_cooperative, timeout, wait_for, yield_now,
};
use std::future::pending;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

#[test]
fn an_outcome_in_time_is_given() {
    run(async {
        let quick = spawn(async {
            yield_now().await;
            7
        });
        assert_eq!(wait_for(Duration::MAX, quick).await.expect("in time").expect("it ended"), 7);
        let panics = spawn(async { panic!("on its own") });
        assert!(matches!(wait_for(Duration::MAX, panics).await, Ok(Err(JoinError::Panicked(_)))));
    });
}

#[test]
fn a_bound_on_a_task_of_another_loop_that_stands_still_is_kept_and_so_is_a_cancel() {
    let another = Runner::new(NativeDriver::new().expect("the native driver runs everywhere"));
    let mut tasks = [(); 3].map(|()| another.get_loop().spawn(pending::<()>()));
    run(async {
        let [one, two, three] = &mut tasks;
        assert!(matches!(wait_for(MS, &mut *one).await, Err(Elapsed)));
        assert!(matches!(timeout(MS, &mut *two).await, Err(Elapsed)));
        let handle = std::mem::replace(three, another.get_loop().spawn(pending()));
        let awaiter = spawn(handle);
        yield_now().await;
        awaiter.cancel("it takes too long");
        assert!(matches!(awaiter.await, Err(JoinError::Cancelled(_))));
    });
}

#[test]
fn cancelled_while_its_task_ends_it_passes_the_cancel_on_and_ends_after_it() {
    run(async {
        let trace = Trace::default();
        let told = trace.clone();
        let stubborn = spawn_cooperative(async move {
            for request in ["first", "second"] {
                if cancellable(pending::<()>()).await.is_err() {
                    told.add(request);
                }
            }
            Ok(())
        });
        let outer = spawn(async { drop(wait_for(Duration::ZERO, stubborn).await) });
        while trace.is_empty() {
            yield_now().await;
        }
        outer.cancel("at once");
        assert!(matches!(outer.await, Err(JoinError::Cancelled(_))));
        trace.add("ended");
        assert_eq!(trace.take(), "first second ended");
    });
}

#[test]
fn the_error_comes_after_the_clean_ups_of_the_task_and_of_all_that_it_awaited_in_place() {
    run(async {
        let trace = Trace::default();
        let stuck = spawn(finally(
            trace.clone(),
            async |_: &mut Trace| pending::<()>().await,
            async |trace: Trace| {
                sleep(MS * 3).await;
                trace.add("cleaned up");
            },
        ));
        assert!(matches!(wait_for(MS, stuck).await, Err(Elapsed)));
        trace.add("timed out");
        assert_eq!(trace.take(), "cleaned up timed out");
    });
}

#[test]
fn with_no_time_a_task_never_begins_and_one_that_is_done_gives_its_output() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let fresh = spawn(async move { inside.add("began") });
        assert!(matches!(wait_for(Duration::ZERO, fresh).await, Err(Elapsed)));
        yield_now().await;
        assert_eq!(trace.take(), "");
        let done = spawn(async { 7 });
        yield_now().await;
        assert_eq!(wait_for(Duration::ZERO, done).await.expect("it is there").expect("it ended"), 7);
    });
}

#[test]
fn an_outcome_in_the_turn_of_the_deadline_loses_and_stays_with_the_handle() {
    run(async {
        let (future, mut handle) = (Future::new(), Future::new());
        let mut task = spawn(future.clone());
        let setter = (future, handle.clone());
        Loop::current().call_soon(move || {
            // The wait has begun by now.
            let busy_until = Loop::current().time() + MS * 5;
            while Loop::current().time() < busy_until {}
            setter.1.set_result(8).expect("it is pending");
            setter.0.set_result(7).expect("it is pending");
        });
        assert!(matches!(wait_for(MS, &mut handle).await, Err(Elapsed)));
        assert_eq!(handle.result().expect("it was set, not cancelled"), &8);
        assert_eq!((&mut task).await.expect("it was not cancelled").expect("it was set"), 7);
    });
}

#[test]
fn cancelling_whoever_waits_cancels_the_task_behind_the_handle_and_a_mere_drop_does_not() {
    run(async {
        let trace = Trace::default();
        for cancel in [true, false] {
            let guard = trace.on_drop("dropped");
            let inner = spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            yield_now().await;
            if cancel {
                let waiter = spawn(wait_for(Duration::MAX, inner));
                yield_now().await;
                waiter.cancel("both");
                assert!(matches!(waiter.await, Err(JoinError::Cancelled(_))));
            } else {
                futures_lite::future::or(async { drop(wait_for(Duration::MAX, inner).await) }, yield_now())
                    .await;
            }
            yield_now().await;
            assert_eq!(trace.take(), if cancel { "dropped" } else { "" });
        }
    });
}

#[test]
fn a_shield_takes_the_cancel_upon_itself() {
    run(async {
        let release = Future::new();
        let held = release.clone();
        let mut inner = spawn(async move {
            held.await.expect("it is set");
            "done"
        });
        let (first, second) = (wait_for(MS, (&mut inner).shield()).await, inner.done());
        assert!(matches!(first, Err(Elapsed)) && !second);
        release.set_result(()).expect("it is pending");
        assert_eq!(inner.await.expect("it went on"), "done");
        assert!(matches!(wait_for(Duration::ZERO, shield(pending::<()>())).await, Err(Elapsed)));
    });
}

#[test]
fn a_future_that_nobody_sets_is_cancelled_at_the_deadline() {
    run(async {
        let future = Future::<()>::new();
        assert!(matches!(wait_for(MS, future.clone()).await, Err(Elapsed)));
        assert!(future.cancelled());
    });
}

/// A task whose output is there, and which still cleans up after what it has dropped.
fn lingering(trace: &Trace) -> core_loop::Task<u32> {
    let (inside, after) = (trace.clone(), trace.clone());
    spawn(async move {
        let dropped = finally(
            inside,
            async |_: &mut Trace| pending::<()>().await,
            async |trace: Trace| {
                sleep(MS * 5).await;
                trace.add("cleaned up");
            },
        );
        futures_lite::future::or(dropped, yield_now()).await;
        after.add("ended");
        7
    })
}

#[test]
fn at_the_deadline_a_task_that_only_cleans_up_is_waited_for_and_gives_its_output() {
    for limit in [MS, Duration::ZERO] {
        run(async {
            let trace = Trace::default();
            let task = lingering(&trace);
            yield_now().await;
            yield_now().await;
            yield_now().await;
            assert_eq!(trace.take(), "ended", "it has its output, and cleans up");
            let outcome = wait_for(limit, task).await;
            assert_eq!(trace.take(), "cleaned up");
            assert!(matches!(outcome, Ok(Ok(7))), "{outcome:?}");
        });
    }
}
