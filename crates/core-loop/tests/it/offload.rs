//! Work that leaves the loop, and work that comes to it from other threads.

use crate::run;
use core_loop::contract::{Cancel, Executor, ExecutorExt, JobError, Reject, Rejected, Submit};
use core_loop::{
    BoxedWork, Loop, LoopHandle, NativeDriver, ReturnWhen, Runner, as_completed, finally, gather, pinned,
    sleep, spawn, to_thread, wait, wait_for, wrap_future, yield_now,
};
use std::future::pending;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use thread_executor::ThreadPool;

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

/// Asks for the default executor of its loop, gives it work, and notes what came of it.
struct Asks {
    lp: Loop,
    said: mpsc::Sender<bool>,
}

impl Drop for Asks {
    fn drop(&mut self) {
        let refused = self.lp.default_executor().try_submit(Box::new(|| ()) as BoxedWork);
        let _gone = self.said.send(matches!(refused, Err(Rejected { why: Reject::ShuttingDown, .. })));
    }
}

#[test]
fn a_destructor_at_the_end_of_the_close_and_a_closed_loop_get_an_executor_that_refuses_and_start_none() {
    let mut runner = Runner::new(NativeDriver::new().expect("the native driver runs everywhere"));
    let lp = runner.get_loop().clone();
    let (said, answers) = mpsc::channel();
    let asks = Asks { lp: lp.clone(), said: said.clone() };
    runner
        .run(async move {
            // It is dropped in the last stage: its clean-up never ends.
            let stubborn = finally(
                asks,
                async |_| pending::<()>().await,
                async |asks| {
                    let _kept = asks;
                    pending::<()>().await;
                },
            );
            spawn(stubborn).detach();
            yield_now().await;
        })
        .expect("it runs");
    let report = runner.close(Duration::ZERO);
    assert_eq!(report.dropped.len(), 1);
    assert_eq!(answers.try_recv(), Ok(true));
    drop(Asks { lp: lp.clone(), said });
    assert_eq!(answers.try_recv(), Ok(true));
    lp.set_default_executor(Arc::new(ThreadPool::default()));
    let refused = lp.default_executor().try_submit(Box::new(|| ()) as BoxedWork);
    assert!(refused.is_err(), "a closed loop takes no executor");
}

#[test]
fn a_default_executor_that_was_never_used_is_shut_down_without_being_started() {
    run(async {
        let lp = Loop::current();
        let report = lp.shutdown_default_executor(Duration::ZERO).await;
        assert!(report.is_clean());
        assert!(lp.default_executor().try_submit(Box::new(|| ()) as BoxedWork).is_err());
        assert!(to_thread(|| ()).await.is_err());
        lp.set_default_executor(Arc::new(ThreadPool::default()));
        assert_eq!(to_thread(|| 7).await.expect("there is one again"), 7);
    });
}

#[test]
fn jobs_are_waited_for_beside_tasks_and_a_cancel_of_the_task_cancels_the_job() {
    run(async {
        let pool = ThreadPool::builder().threads(NonZeroUsize::MIN).build();
        let (release, held) = mpsc::channel::<()>();
        let running = pool.try_submit(move || held.recv().is_err()).expect("there is room");
        let queued = pool.try_submit(|| panic!("it never runs")).expect("there is room");
        let task = spawn(async { Ok(true) });
        let mut all = [wrap_future(running), wrap_future(queued), task];
        let seen = wait(&mut all, ReturnWhen::FIRST_COMPLETED).await;
        assert!(matches!(seen.done[..], [ref done] if matches!(done.result(), Some(Ok(Ok(true))))));
        let [running, queued, _] = all;
        assert!(wait_for(Duration::ZERO, queued).await.is_err(), "it was cancelled before it began");
        drop(release);
        let mut coming = as_completed([running]);
        let ended = coming.next().await.expect("one is left");
        assert!(matches!(ended.await, Ok(Ok(true))));
    });
}
