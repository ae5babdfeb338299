//! The close, and several runs of one loop.

use crate::trace::Trace;
use core_loop::contract::{ExecutorExt, Job, JobError, Reject, Rejected};
use core_loop::{
    JoinError, Loop, LoopHandle, NativeDriver, Runner, finally, pinned, sleep, spawn, to_thread, yield_now,
};
use std::future::pending;
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

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

/// Sends itself to the loop again and again, spawns each time a task that never ends, and says so once.
fn steady(handle: LoopHandle, mut began: Option<Sender<()>>) {
    let again = handle.clone();
    let _closed = handle.call_soon_threadsafe(move || {
        spawn(pending::<()>()).detach();
        if let Some(began) = began.take() {
            began.send(()).expect("the test waits");
        }
        steady(again, began);
    });
}

#[test]
fn steady_callbacks_that_spawn_do_not_keep_a_close_until_its_grace() {
    let mut runner = runner();
    let handle = runner.get_loop().handle();
    let (began, begun) = channel();
    steady(handle, Some(began));
    runner.run(async { yield_now().await }).expect("it runs");
    begun.recv().expect("it began");
    // For ever, or what is as good: this test would never end.
    let report = runner.close(Duration::MAX);
    assert!(report.cancelled > 0 && !report.dropped.is_empty(), "{report}");
}

// ANCHOR: grace
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
    assert_eq!(report.dropped.iter().map(|task| &*task.name).collect::<Vec<_>>(), ["stubborn"]);
    assert!(!report.is_clean());
}
// ANCHOR_END: grace

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

/// A job whose clean-up submits the next one, and lasts until that has begun.
fn submit_again(handle: LoopHandle) {
    let next = handle.clone();
    let job = handle.try_submit(pinned(async move || {
        let clean_up = async |handle| {
            submit_again(handle);
            for _ in 0..5 {
                yield_now().await;
            }
        };
        finally(next, async |_: &mut LoopHandle| pending::<()>().await, clean_up).await;
    }));
    if let Ok(job) = job {
        job.detach();
    }
}

// ANCHOR: stream
#[test]
fn a_close_under_a_stream_of_jobs_ends_before_its_grace() {
    let mut runner = runner();
    let handle = runner.get_loop().handle();
    runner
        .run(async move {
            submit_again(handle);
            yield_now().await;
            yield_now().await;
        })
        .expect("it runs");
    let report = runner.close(Duration::from_secs(60));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.cancelled, 1);
}
// ANCHOR_END: stream

#[test]
#[expect(clippy::async_yields_async, reason = "the job comes out of its loop on purpose")]
fn a_job_that_has_not_started_when_the_close_begins_never_does() {
    let mut runner = runner();
    let handle = runner.get_loop().handle();
    let job = runner
        .run(async move {
            // The close has clean-ups to wait for, and turns to run.
            let slow = finally((), async |(): &mut ()| pending::<()>().await, async |()| yield_now().await);
            spawn(slow).detach();
            yield_now().await;
            handle.try_submit(async { unreachable!("the loop is closing") }).expect("it is open")
        })
        .expect("it runs");
    assert!(runner.close(Duration::from_secs(60)).is_clean());
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: false })));
}

#[test]
fn a_job_for_a_loop_that_is_closing_comes_back_while_its_callbacks_still_run() {
    let mut runner = runner();
    let handle = runner.get_loop().handle();
    let (seen, refused) = (Trace::default(), Trace::default());
    let (called, trace) = (seen.clone(), refused.clone());
    runner
        .run(async move {
            let clean_up = async move |()| {
                let job = handle.try_submit(async {});
                trace.add(matches!(job, Err(Rejected { why: Reject::ShuttingDown, .. })));
                let elsewhere = std::thread::spawn(move || handle.call_soon_threadsafe(|| ()).is_ok());
                called.add(elsewhere.join().expect("it answers"));
            };
            spawn(finally((), async |(): &mut ()| pending::<()>().await, clean_up)).detach();
            yield_now().await;
        })
        .expect("it runs");
    assert!(runner.close(Duration::from_secs(60)).is_clean());
    assert_eq!((refused.take(), seen.take()), ("true".into(), "true".into()));
}

#[test]
fn jobs_from_many_threads_while_the_loop_closes_all_have_an_outcome() {
    for _ in 0..20 {
        let mut runner = runner();
        let submitters: Vec<_> = (0..3)
            .map(|_| {
                let handle = runner.get_loop().handle();
                std::thread::spawn(move || {
                    let submitted = std::iter::from_fn(|| handle.try_submit(yield_now()).ok());
                    submitted.collect::<Vec<_>>()
                })
            })
            .collect();
        runner.run(yield_now()).expect("it runs");
        let report = runner.close(Duration::from_secs(60));
        assert!(report.is_clean(), "{report}");
        for submitter in submitters {
            let jobs = submitter.join().expect("it submits");
            assert!(jobs.iter().all(Job::done), "whatever was accepted has ended");
        }
    }
}

// ANCHOR: order
#[test]
#[expect(clippy::async_yields_async, reason = "the job comes out of its loop on purpose")]
fn a_close_ends_everything_in_its_order() {
    let (mut runner, trace) = (runner(), Trace::default());
    let handle = runner.get_loop().handle();
    let seen = trace.clone();
    let job = runner
        .run(async move {
            let body_dropped = seen.on_drop("body");
            let body = async move |_: &mut Trace| {
                let _dropped = body_dropped;
                pending::<()>().await;
            };
            let clean_up = async |trace: Trace| {
                sleep(MS).await;
                trace.add("clean-up");
            };
            spawn(finally(seen.clone(), body, clean_up)).detach();
            yield_now().await;
            let callback_dropped = seen.on_drop("callback");
            Loop::current().call_later(Duration::MAX, || drop(callback_dropped));
            to_thread(|| ()).await.expect("there are threads");
            handle.try_submit(async {}).expect("the loop is open")
        })
        .expect("it runs");
    let report = runner.close(Duration::from_secs(60));
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: false })), "no turn came for it");
    assert_eq!(trace.take(), "body clean-up callback");
    assert_eq!((report.cancelled, report.dropped.len()), (1, 0));
    assert!(report.executor.is_some_and(|threads| threads.is_clean()), "its threads have ended");
}
// ANCHOR_END: order

#[test]
fn a_panic_of_main_leaves_the_other_tasks_their_clean_ups() {
    let trace = Trace::default();
    let cleaned = trace.clone();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        crate::run(async {
            let other = async |_: &mut Trace| pending::<()>().await;
            drop(spawn(finally(cleaned, other, async |trace: Trace| {
                sleep(MS).await;
                trace.add("cleaned up");
            })));
            yield_now().await;
            panic!("of main");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(trace.take(), "cleaned up");
}

#[test]
fn a_destructor_in_the_last_stage_of_the_close_starts_no_threads_that_nobody_would_shut_down() {
    struct Offload(Trace);
    impl Drop for Offload {
        fn drop(&mut self) {
            let offloaded = pin!(to_thread(|| ()));
            let polled = offloaded.poll(&mut Context::from_waker(Waker::noop()));
            self.0.add(matches!(polled, Poll::Ready(Err(JobError::Rejected(Reject::ShuttingDown)))));
        }
    }
    for has_threads in [false, true] {
        let (mut runner, trace) = (runner(), Trace::default());
        let offload = Offload(trace.clone());
        runner
            .run(async move {
                Loop::current().call_later(Duration::MAX, || drop(offload));
                if has_threads {
                    to_thread(|| ()).await.expect("there are threads");
                }
            })
            .expect("it runs");
        assert_eq!(runner.close(Duration::from_secs(60)).executor.is_some(), has_threads);
        assert_eq!(trace.take(), "true");
    }
}
