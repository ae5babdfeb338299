//! Work that leaves the loop, and work that comes to it from other threads.

use crate::run;
use core_loop::contract::{Cancel, Executor, ExecutorExt, JobError, Reject, Submit};
use core_loop::{Loop, LoopHandle, gather, pinned, sleep, to_thread, yield_now};
use std::future::pending;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

#[test]
fn to_thread_runs_elsewhere_and_brings_back_value_or_panic() {
    run(async {
        let here = thread::current().id();
        let there = to_thread(|| thread::current().id()).await.expect("it ran");
        assert_ne!(here, there);
        let panicked = to_thread(|| panic!("in the thread")).await.map(|(): ()| ());
        assert!(matches!(panicked, Err(JobError::Panicked(panic)) if panic.message() == "in the thread"));
    });
}

#[test]
fn ten_threads_at_once_each_bring_their_own_value() {
    run(async {
        let all = (0..10).map(|n| async move { to_thread(move || n * n).await.expect("it ran") });
        let squares = gather(all.collect::<Vec<_>>()).await.expect("nobody failed");
        assert_eq!(squares, (0..10).map(|n| n * n).collect::<Vec<_>>());
    });
}

#[test]
fn a_thread_submits_a_future_and_waits_for_its_output() {
    run(async {
        let handle = Loop::current().handle();
        let waiting = to_thread(move || {
            let sum = pinned(async || {
                sleep(Duration::from_millis(1)).await;
                1 + 1
            });
            handle.try_submit(sum).expect("the loop runs").wait()
        });
        assert_eq!(waiting.await.expect("the thread ran").expect("the task ran"), 2);
    });
}

#[test]
fn a_pinned_closure_builds_a_future_that_is_not_send() {
    run(async {
        let handle = Loop::current().handle();
        let output = handle
            .run(pinned(async || {
                let local = Rc::new(7);
                yield_now().await;
                *local
            }))
            .await;
        assert_eq!(output.expect("it ran"), 7);
    });
}

#[test]
fn cancelling_the_job_of_a_task_drops_the_task() {
    run(async {
        let handle = Loop::current().handle();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let job = handle
            .try_submit(async move {
                let _alive = sender;
                pending::<()>().await;
            })
            .expect("the loop runs");
        yield_now().await;
        assert!(job.running());
        assert_eq!(job.cancel(), Cancel::Signalled);
        assert!(matches!(job.await, Err(JobError::Cancelled { started: true })));
        assert!(receiver.recv().is_err(), "the future is gone");
    });
}

#[test]
fn a_job_cancelled_before_the_loop_took_it_never_runs() {
    run(async {
        let handle = Loop::current().handle();
        let job = handle.try_submit(async { unreachable!("it was cancelled") }).expect("the loop runs");
        assert_eq!(job.cancel(), Cancel::Dequeued);
        yield_now().await;
        assert!(matches!(job.await.map(|(): ()| ()), Err(JobError::Cancelled { started: false })));
    });
}

#[test]
fn a_deadline_ends_the_task_behind_a_job() {
    run(async {
        let handle = Loop::current().handle();
        // Where the machine stands still, the time is over before the task begins: the next has twice as much.
        for doublings in 1.. {
            let options = Submit::new().deadline(Duration::from_millis(1 << doublings)).label("endless");
            let outcome = match handle.try_submit_with(pending::<()>(), options) {
                Ok(job) => job.await,
                Err(rejected) => Err(JobError::Rejected(rejected.why)),
            };
            match outcome {
                Err(JobError::Deadline { started: true }) => break,
                Err(JobError::Deadline { started: false } | JobError::Rejected(Reject::DeadlinePassed)) => {}
                other => panic!("a task that never ends gave {other:?}"),
            }
        }
    });
}

#[test]
fn a_panic_of_a_submitted_future_is_its_jobs() {
    run(async {
        let handle = Loop::current().handle();
        let job = handle.try_submit(async { panic!("in the task") }).expect("the loop runs");
        assert!(
            matches!(job.await.map(|(): ()| ()), Err(JobError::Panicked(panic)) if panic.message() == "in the task")
        );
    });
}

#[test]
fn submit_after_the_close_gives_the_work_back() {
    let handle: LoopHandle = run(async { Loop::current().handle() });
    let rejected = handle.try_submit(async { 7 }).expect_err("the loop is closed");
    assert!(matches!(rejected.why, Reject::ShuttingDown));
    assert_eq!(run(rejected.into_work()), 7);
}

#[test]
#[expect(clippy::async_yields_async, reason = "the job comes out of its loop on purpose")]
fn a_job_of_a_task_that_the_close_ended_says_so() {
    let job = run(async { Loop::current().handle().try_submit(pending::<()>()).expect("the loop runs") });
    assert!(matches!(job.wait(), Err(JobError::Shutdown { .. })));
}

#[test]
fn waiting_blockingly_on_the_loops_own_thread_names_the_cure() {
    run(async {
        let job = Loop::current().handle().try_submit(async {}).expect("the loop runs");
        let panic = core_loop::contract::Panic::catch(|| job.wait()).expect_err("it would block");
        assert!(panic.message().contains(".await"), "{panic}");
    });
}
