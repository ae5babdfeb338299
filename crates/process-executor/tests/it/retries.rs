//! Jobs that may be run again when their worker dies.

use crate::help::{Flag, LONG, builder, death, pid_of, pool};
use process_executor::{Drain, Executor, ExecutorExt, JobError, Shutdown, Submit, call};
use std::time::Duration;

/// A job: dies until `path` holds so many lines, and then tells how many there are.
fn dies_until((path, lines): (String, usize)) -> usize {
    use std::io::Write;
    let mut file =
        std::fs::OpenOptions::new().create(true).append(true).open(&path).expect("it can be written");
    file.write_all(b"once more\n").expect("it is written");
    let so_far = times(&path);
    if so_far < lines {
        std::process::abort();
    }
    so_far
}

fn times(path: &str) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn a_job_is_run_again_until_its_worker_survives_it() {
    let pool = pool(2);
    let flag = Flag::new();
    let job = pool.try_submit(call(dies_until, (flag.path(), 3)).retry_on_death(5)).expect("room");
    assert_eq!(job.wait().expect("the third works"), 3);
    assert_eq!((pool.stats().retried, pool.stats().completed), (2, 1));
}

#[test]
fn a_job_that_kills_every_worker_is_failed_after_its_tries_and_never_looped() {
    let pool = pool(1);
    let flag = Flag::new();
    let job = pool.try_submit(call(dies_until, (flag.path(), usize::MAX)).retry_on_death(3)).expect("room");
    death(job.wait());
    assert_eq!(times(&flag.path()), 4, "once, and three times more");
    pid_of(&pool);
}

#[test]
fn without_being_asked_to_nothing_is_run_again() {
    let pool = pool(1);
    let flag = Flag::new();
    death(pool.try_submit(call(dies_until, (flag.path(), 2))).expect("room").wait());
    assert_eq!((times(&flag.path()), pool.stats().retried), (1, 0));
}

#[test]
fn a_large_argument_arrives_again_as_it_was() {
    let pool = pool(1);
    let flag = Flag::new();
    let sum = |(path, bytes): (String, Vec<u8>)| {
        dies_until((path, 2));
        bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>()
    };
    let job = pool.try_submit(call(sum, (flag.path(), vec![3; 8 << 20])).retry_on_death(1)).expect("room");
    assert_eq!(job.wait().expect("the second works"), 3 * (8 << 20));
}

#[test]
fn a_job_that_is_run_again_comes_before_those_that_came_after_it() {
    let pool = pool(1);
    let (flag, order) = (Flag::new(), Flag::new());
    let first = pool.try_submit(call(dies_until, (flag.path(), 2)).retry_on_death(1)).expect("room");
    let second = pool.try_submit(call(|path: String| times(&path), flag.path())).expect("room");
    assert_eq!(second.wait().expect("it runs"), 2, "the first had run twice");
    assert_eq!(first.wait().expect("it runs"), 2);
    drop(order);
}

#[test]
fn a_cancel_a_deadline_and_a_shutdown_end_what_would_be_run_for_ever() {
    let pool = builder().workers(1).grace(Duration::ZERO).build().expect("a pool");
    let endless = |flag: &Flag| call(dies_until, (flag.path(), usize::MAX)).retry_on_death(u32::MAX);
    let flag = Flag::new();
    let job = pool.try_submit(endless(&flag)).expect("room");
    crate::help::until("it was run again", || times(&flag.path()) > 1);
    job.cancel();
    assert!(matches!(job.wait(), Err(JobError::Cancelled { started: true })));
    let soon = Submit::new().deadline(Duration::from_millis(50));
    let job = pool.try_submit_with(endless(&flag), soon).expect("room");
    assert!(matches!(job.wait(), Err(JobError::Deadline { .. })));
    pid_of(&pool);
    let job = pool.try_submit(endless(&flag)).expect("room");
    crate::help::until("it runs", || pool.stats().running == 1);
    let report = pool.shutdown(Drain::Queued, Duration::from_millis(50));
    assert!(!report.is_clean(), "it was cut off");
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: true } | JobError::WorkerDied(_))));
}

#[test]
fn a_job_that_was_told_to_start_nothing_new_is_not_run_again() {
    let pool = pool(1);
    let flag = Flag::new();
    let path = flag.path();
    let waits = |path: String| {
        crate::help::raise(&path);
        std::thread::sleep(LONG);
    };
    let job = pool.try_submit(call(waits, path).retry_on_death(9)).expect("room");
    let worker = flag.wait();
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| pool.shutdown(Drain::Started, LONG));
        crate::help::until("it is closed", || pool.try_submit(call(|n: u8| n, 1)).is_err());
        crate::help::sigkill(worker);
        closing.join().expect("it returns");
    });
    assert!(matches!(job.wait(), Err(JobError::WorkerDied(_) | JobError::Shutdown { started: true })));
}
