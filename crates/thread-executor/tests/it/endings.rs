//! Shutdown and drop.

use crate::gate::Gate;
use crate::{LONG, error, output, pool, start};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use thread_executor::{
    Cancel, Drain, Executor, ExecutorExt, JobError, Reject, Shutdown, Submit, ThreadPool, block_on,
};

#[test]
fn a_shutdown_drains_the_queue_and_ends_the_threads() {
    let pool = pool(2, 64);
    let done = Arc::new(AtomicUsize::new(0));
    let jobs: Vec<_> = (0..50)
        .map(|_| {
            let done = done.clone();
            start(&pool, move || done.fetch_add(1, Ordering::Relaxed))
        })
        .collect();
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");
    assert_eq!(done.load(Ordering::Relaxed), 50);
    assert!(jobs.iter().all(|job| job.done() && !job.failed()));
    assert_eq!(pool.stats().threads, 0);
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean(), "a second one changes nothing");
}

#[test]
fn a_shutdown_may_withdraw_the_queue_and_lets_running_work_end() {
    let pool = pool(1, 64);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let mut queued: Vec<_> = (0..10).map(|_| start(&pool, || ())).collect();
    let cancelled = queued.pop().expect("ten are queued");
    assert_eq!(cancelled.cancel(), Cancel::Dequeued);
    let closing = pool.clone();
    let shutdown = thread::spawn(move || closing.shutdown(Drain::Started, LONG));
    for job in queued {
        assert!(matches!(error(job), JobError::Shutdown { started: false }));
    }
    assert!(matches!(error(cancelled), JobError::Cancelled { started: false }));
    gate.open();
    let report = shutdown.join().expect("it does not panic");
    assert_eq!((report.cancelled, report.stragglers.len()), (9, 0));
    held.into_iter().for_each(output);
}

#[test]
fn a_shutdown_returns_within_its_grace_and_names_what_still_runs() {
    let pool = ThreadPool::builder().threads(crate::count(1)).name("img").build();
    let mut gate = Gate::new();
    let stuck = pool.try_submit_with(gate.work(), Submit::new().label("thumbnail")).expect("there is room");
    gate.wait_for_one();
    let queued = start(&pool, || ());
    let grace = Duration::from_millis(20);
    let begin = Instant::now();
    let report = pool.shutdown(Drain::Queued, grace);
    assert!(begin.elapsed() < LONG);
    assert_eq!(report.cancelled, 1);
    assert!(matches!(error(queued), JobError::Shutdown { started: false }));
    let [straggler] = &report.stragglers[..] else { panic!("one still runs: {report}") };
    assert_eq!((straggler.label.as_deref(), &*straggler.worker), (Some("thumbnail"), "img-0"));
    assert!(straggler.age >= grace);
    gate.open();
    output(stuck);
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean(), "it has ended since");
}

#[test]
fn a_closed_pool_gives_the_closure_back_also_to_its_own_jobs() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let within = pool.clone();
    let job = start(&pool, move || {
        within.try_submit(|| "kept").map_err(|rejected| (rejected.why.clone(), (rejected.into_work())()))
    });
    let closing = pool.clone();
    let shutdown = thread::spawn(move || closing.shutdown(Drain::Queued, LONG));
    loop {
        match pool.try_submit(|| ()) {
            Ok(early) => drop(early.cancel_on_drop()),
            Err(rejected) => {
                assert!(matches!(rejected.why, Reject::ShuttingDown), "{}", rejected.why);
                break;
            }
        }
    }
    gate.open();
    let (why, work) = output(job).expect_err("it is closed");
    assert!(matches!(why, Reject::ShuttingDown), "{why}");
    assert_eq!(work, "kept");
    assert!(shutdown.join().expect("it does not panic").is_clean());
    held.into_iter().for_each(output);
    let rejected = block_on(pool.submit(|| ())).expect_err("it is closed");
    assert!(matches!(rejected.why, Reject::ShuttingDown), "{}", rejected.why);
    let rejected = pool.submit_or_run_here(|| ()).expect_err("it is closed");
    assert!(matches!(rejected.why, Reject::ShuttingDown), "{}", rejected.why);
}

#[test]
fn a_shutdown_ends_the_wait_for_room() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    let mut held = gate.hold(&pool, 1);
    held.push(start(&pool, || ()));
    let waiting = pool.clone();
    let (sender, begins) = channel();
    let waits = thread::spawn(move || {
        let submitting = waiting.submit(|| ());
        sender.send(()).expect("the test listens");
        block_on(submitting).map(drop).map_err(|rejected| rejected.why)
    });
    begins.recv_timeout(LONG).expect("it begins");
    pool.shutdown(Drain::Queued, Duration::ZERO);
    let why = waits.join().expect("it does not panic").expect_err("it is closed");
    assert!(matches!(why, Reject::ShuttingDown), "{why}");
    gate.open();
}

#[test]
fn a_shutdown_from_a_job_of_the_pool_drains_the_others_and_returns() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let within = pool.clone();
    let closes = start(&pool, move || within.shutdown(Drain::Queued, LONG));
    let queued = start(&pool, || 7);
    gate.open();
    let report = output(closes);
    assert!(report.is_clean(), "{report}");
    assert_eq!(output(queued), 7);
    held.into_iter().for_each(output);
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    assert_eq!(pool.stats().threads, 0);
}

#[test]
fn a_shutdown_on_the_thread_of_a_loop_is_told_where_to_go() {
    let pool = pool(1, 1);
    let _role = contract::role::enter(contract::role::Role::Loop);
    let panic = contract::Panic::catch(|| pool.shutdown(Drain::Queued, LONG)).expect_err("it panics");
    assert!(panic.message().contains("to_thread"), "{panic}");
    assert!(pool.shutdown(Drain::Queued, Duration::ZERO).is_clean(), "without a grace it blocks nothing");
}

#[test]
fn a_dropped_pool_finishes_what_it_accepted_and_the_drop_waits_for_nothing() {
    let pool = pool(1, 64);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let guard = Arc::new(());
    let jobs: Vec<_> = (0..50)
        .map(|number| {
            let guard = guard.clone();
            start(&pool, move || {
                drop(guard);
                number
            })
        })
        .collect();
    // Every thread is held, so a drop that waited would wait for ever.
    drop(pool);
    gate.open();
    assert!(jobs.into_iter().map(output).eq(0..50));
    held.into_iter().for_each(output);
    assert_eq!(Arc::strong_count(&guard), 1);
}

#[test]
fn deadlines_are_kept_after_the_drop_of_the_pool() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let late = pool
        .try_submit_with(|| (), Submit::new().deadline(Duration::from_millis(20)))
        .expect("there is room");
    drop(pool);
    assert!(matches!(error(late), JobError::Deadline { started: false }));
    gate.open();
    held.into_iter().for_each(output);
}

#[test]
fn the_last_handle_may_be_dropped_by_a_job_of_the_pool() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let within = pool.clone();
    let drops = start(&pool, move || drop(within));
    let after = start(&pool, || 7);
    drop(pool);
    gate.open();
    held.into_iter().for_each(output);
    output(drops);
    assert_eq!(output(after), 7);
}

/// Counts the threads of this process with this name, by what the kernel says.
#[cfg(target_os = "linux")]
fn threads_named(prefix: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the kernel tells");
    let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with(prefix)).count()
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_outlives_its_pool_not_even_the_timers() {
    let begin = Instant::now();
    let kept = {
        let pool = ThreadPool::builder().threads(crate::count(4)).name("mortal").build();
        let mut gate = Gate::new();
        let jobs = gate.hold(&pool, 4);
        let timed = pool.try_submit_with(|| (), Submit::new().deadline(LONG)).expect("there is room");
        // A thread gives itself its name, after it has begun.
        while threads_named("mortal-") < 5 {
            assert!(begin.elapsed() < LONG, "four threads and a timer");
            thread::yield_now();
        }
        gate.open();
        jobs.into_iter().for_each(output);
        timed
    };
    while threads_named("mortal-") > 0 {
        assert!(begin.elapsed() < LONG, "they end by themselves");
        thread::yield_now();
    }
    // A job that somebody keeps keeps no thread.
    output(kept);
}
