//! How a pool ends: within its grace, with a report, and leaving nothing behind.

use crate::help::{Flag, LONG, alive, builder, hang, pid, pool, until};
use contract::role::{self, Role};
use process_executor::{Drain, Executor, ExecutorExt, JobError, Reject, Shutdown, Submit, call};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(50);

#[test]
fn a_shutdown_runs_what_was_accepted() {
    let pool = pool(2);
    let jobs: Vec<_> = (0..50_u32).map(|n| pool.try_submit(call(|n: u32| n, n)).expect("room")).collect();
    let worker = pool.try_submit(call(pid, ())).expect("room");
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");
    for (n, job) in jobs.into_iter().enumerate() {
        assert!(job.done());
        assert_eq!(job.wait().expect("it ran"), n as u32);
    }
    assert!(!alive(worker.wait().expect("it ran")), "no worker is left");
    let rejected = pool.try_submit(call(|n: u8| n, 4)).expect_err("it is over");
    assert!(matches!(rejected.why, Reject::ShuttingDown));
    assert_eq!(rejected.into_work().into_argument(), 4);
    assert!(pool.shutdown(Drain::Started, LONG).is_clean(), "a second one changes nothing");
}

#[test]
fn a_shutdown_of_what_has_started_withdraws_the_queue() {
    let pool = pool(1);
    let flag = Flag::new();
    let waits = |path: String| {
        crate::help::raise(&path);
        // Until the test has seen the queue go.
        until("the flag is lowered", || !std::path::Path::new(&path).exists());
        8
    };
    let running = pool.try_submit(call(waits, flag.path())).expect("room");
    flag.wait();
    let mut queued: Vec<_> = (0..5).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    queued.remove(2).cancel();
    let report = std::thread::scope(|scope| {
        let shutdown = scope.spawn(|| pool.shutdown(Drain::Started, LONG));
        for job in queued {
            assert!(matches!(job.wait(), Err(JobError::Shutdown { started: false })));
        }
        drop(flag);
        shutdown.join().expect("it returns")
    });
    assert_eq!((report.cancelled, report.stragglers.len()), (4, 0), "{report}");
    assert_eq!(running.wait().expect("it ran to its end"), 8);
}

#[test]
fn a_job_that_hangs_does_not_hang_the_shutdown() {
    let pool = pool(1);
    let flag = Flag::new();
    let options = Submit::new().label("stuck");
    let stuck = pool.try_submit_with(call(hang, flag.path()), options).expect("room");
    let worker = flag.wait();
    let queued = pool.try_submit(call(pid, ())).expect("room");
    let begun = Instant::now();
    let report = pool.shutdown(Drain::Queued, SOON);
    assert!(begun.elapsed() < LONG);
    assert_eq!((report.cancelled, report.stragglers.len()), (1, 1), "{report}");
    assert_eq!(report.stragglers[0].label.as_deref(), Some("stuck"));
    assert_eq!(report.stragglers[0].worker, format!("process {worker}"));
    assert!(matches!(stuck.wait(), Err(JobError::Shutdown { started: true })));
    assert!(matches!(queued.wait(), Err(JobError::Shutdown { started: false })));
    until("the worker is gone", || !alive(worker));
}

#[test]
fn a_job_that_crashes_during_the_shutdown_does_not_hang_it() {
    let pool = pool(1);
    let jobs: Vec<_> =
        (0..5).map(|_| pool.try_submit(call(|()| std::process::abort(), ())).expect("room")).collect();
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");
    for job in jobs {
        crate::help::death::<()>(job.wait());
    }
}

#[test]
fn a_dropped_pool_finishes_its_jobs_and_leaves_no_worker() {
    let pool = pool(1);
    let workers: Vec<_> = (0..5).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    drop(pool);
    for worker in workers {
        let worker = worker.wait().expect("it runs");
        until("the worker is gone", || !alive(worker));
    }
}

#[test]
fn dropping_a_pool_with_a_stuck_job_does_not_block() {
    let pool = builder().workers(1).grace(SOON).build().expect("a pool");
    let flag = Flag::new();
    let stuck = pool.try_submit(call(hang, flag.path())).expect("room");
    let worker = flag.wait();
    drop(pool);
    assert!(!stuck.done() && alive(worker), "it still runs");
    stuck.cancel();
    assert!(matches!(stuck.wait(), Err(JobError::Cancelled { started: true })));
    until("the worker is gone", || !alive(worker));
}

#[test]
fn cancelling_the_last_queued_job_of_a_closing_pool_ends_it() {
    for _ in 0..20 {
        let pool = pool(1);
        let first = pool.try_submit(call(pid, ())).expect("room");
        let second = pool.try_submit(call(pid, ())).expect("room");
        std::thread::scope(|scope| {
            let shutdown = scope.spawn(|| pool.shutdown(Drain::Queued, LONG));
            second.cancel();
            assert!(shutdown.join().expect("it returns").stragglers.is_empty());
        });
        first.wait().expect("it runs");
    }
}

#[test]
fn whoever_waits_for_room_is_told_of_the_end() {
    let pool = builder().workers(1).queue(1).build().expect("a pool");
    let flag = Flag::new();
    let _stuck = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let _queued = pool.try_submit(call(pid, ())).expect("room");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| contract::block_on(pool.submit(call(pid, ()))));
        pool.shutdown(Drain::Started, Duration::ZERO);
        let rejected = waiting.join().expect("it returns").map(drop).expect_err("it is over");
        assert!(matches!(rejected.why, Reject::ShuttingDown));
    });
}

#[test]
fn a_shutdown_on_a_loops_thread_is_refused_with_the_cure() {
    let pool = pool(1);
    let _role = role::enter(Role::Loop);
    let panic = contract::Panic::catch(|| pool.shutdown(Drain::Queued, LONG)).expect_err("it would block");
    assert!(panic.message().contains("to_thread"));
    pool.shutdown(Drain::Queued, Duration::ZERO);
}

#[test]
fn a_shutdown_from_a_callback_of_the_pool_itself_does_not_block() {
    let pool = std::sync::Arc::new(pool(1));
    let flag = Flag::new();
    let job = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let (told, ends) = std::sync::mpsc::channel();
    let inside = pool.clone();
    job.on_done(move || {
        told.send(inside.shutdown(Drain::Queued, LONG)).expect("the test waits");
    });
    let last = pool.try_submit(call(pid, ())).expect("room");
    job.cancel();
    assert!(ends.recv_timeout(LONG).expect("it returns").is_clean());
    last.wait().expect("what was accepted still runs");
    assert!(pool.try_submit(call(pid, ())).is_err(), "nothing more is taken");
}

#[test]
fn a_shutdown_that_a_callback_holds_up_is_not_clean_and_cancels_the_queue() {
    let pool = builder().workers(1).grace(SOON).build().expect("a pool");
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (inside, entered) = std::sync::mpsc::channel();
    let flag = Flag::new();
    let first = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    first.on_done(move || {
        inside.send(()).expect("somebody listens");
        let _ = gone.recv();
    });
    first.cancel();
    entered.recv().expect("the callback is called");
    let mut queued = pool.try_submit(call(pid, ())).expect("room");
    let report = pool.shutdown(Drain::Queued, Duration::ZERO);
    assert_eq!((report.cancelled, report.stragglers.len()), (1, 1), "{report}");
    assert!(matches!(queued.wait_timeout(LONG), Some(Err(JobError::Shutdown { started: false }))));
    drop(go);
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean(), "told once");
}
