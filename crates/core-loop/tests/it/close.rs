//! The close, and several runs of one loop.

use crate::trace::Trace;
use core_loop::{JoinError, NativeDriver, Runner, finally, sleep, spawn, yield_now};
use std::future::pending;
use std::time::Duration;

fn runner() -> Runner {
    Runner::new(NativeDriver::new().expect("the native driver runs everywhere"))
}

#[test]
#[expect(clippy::async_yields_async, reason = "the task comes out of its loop on purpose")]
fn several_runs_share_one_loop_and_its_tasks() {
    let mut runner = runner();
    let task = runner
        .run(async {
            spawn(async {
                yield_now().await;
                "still there"
            })
        })
        .expect("it runs");
    assert!(!task.done());
    assert_eq!(runner.run(task).expect("it runs").expect("it ended"), "still there");
    assert!(runner.close(Duration::from_secs(1)).is_clean());
}

#[test]
fn the_close_cancels_all_tasks_and_lets_their_clean_ups_end() {
    let trace = Trace::default();
    let mut runner = runner();
    let seen = trace.clone();
    runner
        .run(async move {
            let task = finally(
                seen,
                async |_: &mut Trace| pending::<()>().await,
                async |trace: Trace| {
                    sleep(Duration::from_millis(1)).await;
                    trace.add("cleaned up");
                },
            );
            spawn(task).detach();
            yield_now().await;
        })
        .expect("it runs");
    let report = runner.close(Duration::from_secs(60));
    assert_eq!((report.cancelled, report.dropped.len()), (1, 0));
    assert_eq!(trace.take(), "cleaned up");
}

#[test]
fn a_clean_up_that_never_ends_is_dropped_after_the_grace_and_named() {
    let mut runner = runner();
    runner
        .run(async {
            let task =
                finally((), async |(): &mut ()| pending::<()>().await, async |()| pending::<()>().await);
            spawn(task).named("stubborn").detach();
            yield_now().await;
        })
        .expect("it runs");
    let report = runner.close(Duration::from_millis(5));
    assert_eq!(report.dropped, ["stubborn"]);
    assert!(!report.is_clean());
}

#[test]
fn a_task_that_a_clean_up_spawned_and_left_is_cancelled_too() {
    let mut runner = runner();
    runner
        .run(async {
            let task = finally(
                (),
                async |(): &mut ()| pending::<()>().await,
                async |()| {
                    spawn(pending::<()>()).detach();
                },
            );
            spawn(task).detach();
            yield_now().await;
        })
        .expect("it runs");
    assert!(runner.close(Duration::from_secs(60)).is_clean());
}

#[test]
#[expect(clippy::async_yields_async, reason = "the task comes out of its loop on purpose")]
fn a_handle_that_outlives_its_loop_says_that_the_loop_closed() {
    let mut runner = runner();
    let task = runner
        .run(async {
            let endless =
                finally((), async |(): &mut ()| pending::<()>().await, async |()| pending::<()>().await);
            let task = spawn(endless);
            yield_now().await;
            task
        })
        .expect("it runs");
    let handle = runner.get_loop().handle();
    drop(runner.close(Duration::ZERO));
    assert!(task.done());
    assert!(handle.is_closed());
    assert!(handle.call_soon_threadsafe(|| ()).is_err());
    let outcome = crate::run(task);
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
}

#[test]
fn a_waker_that_outlives_its_loop_does_nothing() {
    let waker =
        crate::run(async { std::future::poll_fn(|cx| std::task::Poll::Ready(cx.waker().clone())).await });
    waker.wake_by_ref();
    std::thread::spawn(move || waker.wake()).join().expect("it did nothing");
}

#[test]
fn a_destructor_that_spawns_during_the_close_gets_a_task_that_never_runs() {
    struct Spawner;
    impl Drop for Spawner {
        fn drop(&mut self) {
            spawn(async { unreachable!("the loop is gone") }).detach();
        }
    }
    let mut runner = runner();
    runner
        .run(async {
            let stubborn = finally(
                Spawner,
                async |_: &mut Spawner| pending::<()>().await,
                async |_spawner| {
                    pending::<()>().await;
                },
            );
            spawn(stubborn).detach();
            yield_now().await;
        })
        .expect("it runs");
    assert_eq!(runner.close(Duration::ZERO).dropped.len(), 1);
}

#[test]
fn a_grace_that_ends_between_two_looks_at_the_clock_still_ends_the_close() {
    for nanoseconds in (0..4_000).step_by(2) {
        let mut runner = runner();
        runner
            .run(async {
                spawn(finally((), async |(): &mut ()| pending::<()>().await, async |()| pending().await))
                    .detach();
                yield_now().await;
            })
            .expect("it runs");
        assert_eq!(runner.close(Duration::from_nanos(nanoseconds)).dropped.len(), 1);
    }
}
