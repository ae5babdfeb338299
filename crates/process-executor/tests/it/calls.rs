//! Calls that go well.

use crate::help::{LONG, pid, pool};
use process_executor::{Executor, ExecutorExt, Job, JobError, ProcessPool, Rejected, Submit, call};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

fn double(number: u64) -> u64 {
    number * 2
}

fn describe<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: f64,
    name: Option<String>,
}

#[test]
fn functions_closures_and_generic_functions_run_in_another_process() {
    let pool = pool(1);
    assert_eq!(pool.try_submit(call(double, 21)).expect("room").wait().expect("it runs"), 42);
    let closure = call(|(a, b): (u8, u8)| a + b, (1, 2));
    assert_eq!(pool.try_submit(closure).expect("room").wait().expect("it runs"), 3);
    let point = Point { x: 1.5, name: Some("p".to_owned()) };
    let same = pool.try_submit(call(|point: Point| point, point.clone())).expect("room");
    assert_eq!(same.wait().expect("it runs"), point);
    let words = pool.try_submit(call(describe::<Point>, point.clone())).expect("room");
    assert_eq!(words.wait().expect("it runs"), describe(point));
    let other = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    assert_ne!(other, std::process::id());
}

#[test]
fn one_generic_function_drives_the_pool_like_any_executor() {
    fn on<E: Executor<W>, W>(executor: &E, work: W) -> Result<Job<E::Output>, Rejected<W>> {
        executor.try_submit_with(work, Submit::new().label("any"))
    }
    let pool = pool(1);
    let job = on(&pool, call(double, 4)).expect("room");
    assert_eq!(job.label(), Some("any"));
    assert_eq!(job.wait().expect("it runs"), 8);
    let future = pool.run(call(double, 5));
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    assert_eq!(contract::block_on(is_send(future)).expect("it runs"), 10);
    fn is_shared<T: Send + Sync>() {}
    is_shared::<ProcessPool>();
}

#[test]
fn jobs_one_after_the_other_share_one_worker_though_there_could_be_more() {
    let pool = crate::help::builder().workers(1..=4).build().expect("a pool");
    let first = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    for _ in 0..20 {
        assert_eq!(pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs"), first);
    }
}

#[test]
fn a_pool_grows_when_jobs_wait() {
    use crate::help::{Flag, hang};
    let pool = crate::help::builder().workers(1..=3).build().expect("a pool");
    let flags = [Flag::new(), Flag::new(), Flag::new()];
    let jobs = flags.each_ref().map(|flag| pool.try_submit(call(hang, flag.path())).expect("room"));
    let pids = flags.each_ref().map(Flag::wait);
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2], "{pids:?}");
    for job in jobs {
        job.cancel();
        assert!(matches!(job.wait(), Err(JobError::Cancelled { started: true })));
    }
}

#[test]
fn outcomes_come_in_any_order_they_are_asked_for() {
    let pool = pool(1);
    let first = pool.try_submit(call(double, 1)).expect("room");
    let second = pool.try_submit(call(double, 2)).expect("room");
    assert_eq!(second.wait().expect("it runs"), 4, "newest first, with one worker");
    assert_eq!(first.wait().expect("it runs"), 2);
}

#[test]
fn map_gives_outcomes_in_order_and_goes_on_after_an_error() {
    let pool = pool(2);
    let works = (0..20_u64).map(|n| call(|n: u64| if n == 7 { panic!("seven") } else { n * n }, n));
    let outcomes: Vec<_> = pool.map(works, NonZeroUsize::new(5).expect("five")).blocking().collect();
    assert_eq!(outcomes.len(), 20);
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(square) => assert_eq!(square, (n * n) as u64),
            Err(JobError::Panicked(panic)) => assert_eq!((n, panic.message()), (7, "seven")),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn many_threads_may_submit_at_once_and_every_job_runs_once() {
    let pool = &crate::help::builder().workers(2).queue(100_000).build().expect("a pool");
    thread::scope(|scope| {
        for thread in 0..8_u64 {
            scope.spawn(move || {
                let jobs: Vec<_> = (0..200)
                    .map(|n| pool.try_submit(call(double, thread * 1000 + n)).expect("room"))
                    .collect();
                for (n, mut job) in jobs.into_iter().enumerate() {
                    let outcome = job.wait_timeout(LONG).expect("no hang").expect("it runs");
                    assert_eq!(outcome, (thread * 1000 + n as u64) * 2);
                }
            });
        }
    });
}

#[test]
fn a_pool_inside_a_job_works() {
    let pool = pool(1);
    let inner =
        |n: u64| crate::help::pool(1).try_submit(call(double, n)).expect("room").wait().expect("it runs");
    assert_eq!(pool.try_submit(call(inner, 8)).expect("room").wait().expect("it runs"), 16);
}

#[test]
fn what_a_worker_starts_does_not_take_itself_for_a_worker() {
    let pool = pool(1);
    let variables = |(): ()| std::env::vars_os().filter(|(name, _)| name == "ANYLOOP_PROCESS_WORKER").count();
    assert_eq!(pool.try_submit(call(variables, ())).expect("room").wait().expect("it runs"), 0);
}

/// What its destructor submits to; nothing in a worker.
static FAREWELLS: OnceLock<ProcessPool> = OnceLock::new();

#[derive(Serialize, Deserialize)]
struct Farewell(u8);

impl Drop for Farewell {
    fn drop(&mut self) {
        if let Some(pool) = FAREWELLS.get() {
            pool.try_submit(call(double, 1)).expect("room").detach();
        }
    }
}

#[test]
fn the_destructor_of_an_argument_may_submit_whether_the_job_waits_or_not() {
    let pool = FAREWELLS.get_or_init(|| pool(1));
    let jobs: Vec<_> =
        (0..20).map(|n| pool.try_submit(call(|it: Farewell| it.0, Farewell(n))).expect("room")).collect();
    for (n, job) in (0..20).zip(jobs) {
        assert_eq!(job.wait().expect("it runs"), n);
    }
}

#[test]
fn small_and_large_arguments_start_in_the_order_in_which_they_came() {
    let pool = pool(1);
    static ORDER: AtomicU64 = AtomicU64::new(0);
    let submit = |len: usize| {
        let place = |bytes: Vec<u16>| (bytes.len(), ORDER.fetch_add(1, Ordering::Relaxed));
        pool.try_submit(call(place, vec![7; len])).expect("room")
    };
    let lengths = [1, 4000, 1, 1, 4000, 4000, 1];
    for round in 0..50 {
        let jobs = lengths.map(submit);
        for (at, (job, len)) in jobs.into_iter().zip(lengths).enumerate() {
            let place = (round * lengths.len() + at) as u64;
            assert_eq!(job.wait().expect("it runs"), (len, place));
        }
    }
}
