//! Jobs that wait for jobs of their own pool.

use crate::gate::Gate;
use crate::{LONG, count, error, output, pool, start};
use contract::{Job, JobError, Place, Slots, Submit, as_completed};
use std::thread;
use std::time::{Duration, Instant};
use thread_executor::{Executor, Shutdown, ThreadPool, block_on, blocking};

/// Submits itself once more for each level, and waits for that.
fn nested(pool: &ThreadPool, depth: u32) -> u32 {
    if depth == 0 {
        return 0;
    }
    let within = pool.clone();
    start(pool, move || nested(&within, depth - 1)).wait().expect("it has an output") + 1
}

#[test]
fn a_job_that_waits_for_a_job_of_its_own_pool_runs_it() {
    for threads in [1, 2] {
        let pool = pool(threads, 8);
        let within = pool.clone();
        assert_eq!(output(start(&pool, move || nested(&within, 3))), 3);
        assert!(threads > 1 || pool.stats().threads == 1, "nobody had to stand in");
    }
}

#[test]
fn waits_nested_deeper_than_the_stack_allows_get_a_thread_that_stands_in() {
    let pool = pool(1, 8);
    let within = pool.clone();
    assert_eq!(output(start(&pool, move || nested(&within, 500))), 500);
    let begin = Instant::now();
    while pool.stats().threads > 1 {
        assert!(begin.elapsed() < LONG, "who stood in leaves when there is nothing to do");
        thread::yield_now();
    }
}

#[test]
fn many_jobs_that_each_wait_for_another_do_not_starve_one_thread() {
    let pool = pool(1, 1024);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let parents: Vec<_> = (0..300)
        .map(|_| {
            let within = pool.clone();
            start(&pool, move || nested(&within, 1))
        })
        .collect();
    gate.open();
    held.into_iter().for_each(output);
    assert_eq!(parents.into_iter().map(output).sum::<u32>(), 300);
}

#[test]
fn a_job_may_wait_for_many_of_its_own_pool_in_the_order_they_end() {
    let pool = pool(1, 64);
    let within = pool.clone();
    let sum = start(&pool, move || {
        let mut jobs = as_completed((0..50_u32).map(|number| start(&within, move || number)));
        let mut sum = 0;
        while let Some((_, outcome)) = block_on(jobs.next()) {
            sum += outcome.expect("it has an output");
        }
        sum
    });
    assert_eq!(output(sum), 1225);
}

#[test]
fn another_thread_runs_what_comes_while_the_only_one_sleeps_in_a_wait() {
    let pool = pool(1, 8);
    let (promise, promised) = Job::promise(&Submit::new(), Place::none(), ());
    let waits = start(&pool, move || promised.wait().expect("it has an output"));
    // The only thread waits, or will.
    let fulfils = start(&pool, move || promise.finish(Ok(7)));
    output(fulfils);
    assert_eq!(output(waits), 7);
}

#[test]
fn a_chain_of_waits_that_is_no_circle_ends() {
    let pool = pool(1, 8);
    let (promise, promised) = Job::promise(&Submit::new(), Place::none(), ());
    let first = start(&pool, move || promised.wait().expect("it has an output"));
    // Waits for the first: on top of its stack it would never end, nor would the first.
    let second = start(&pool, move || first.wait().expect("it has an output") + 1);
    let fulfils = start(&pool, move || promise.finish(Ok(7)));
    output(fulfils);
    assert_eq!(output(second), 8);
}

#[test]
fn a_job_that_runs_within_the_wait_for_it_counts_as_running_and_as_one() {
    let pool = pool(1, 8);
    let (within, deeper) = (pool.clone(), pool.clone());
    let outer =
        start(&pool, move || start(&within, move || deeper.stats()).wait().expect("it has an output"));
    let stats = output(outer);
    assert_eq!((stats.running, stats.queued, stats.submitted, stats.threads), (2, 0, 2, 1));
    assert!(pool.shutdown(contract::Drain::Queued, LONG).is_clean());
    let stats = pool.stats();
    assert_eq!((stats.running, stats.queued, stats.submitted, stats.completed), (0, 0, 2, 2));
}

#[test]
fn jobs_that_wait_in_one_line_each_have_their_turn() {
    let pool = pool(1, 64);
    let slots = Slots::new(1);
    let held = slots.try_take().expect("it is free");
    // The first in the line must be able to go on before the second: not with that on top of it.
    let jobs: Vec<_> = (0..40)
        .map(|_| {
            let slots = slots.clone();
            start(&pool, move || drop(block_on(slots.room())))
        })
        .collect();
    let last = start(&pool, || 7);
    assert_eq!(output(last), 7, "somebody stands in for all of them");
    drop(held);
    jobs.into_iter().for_each(output);
    assert_eq!(slots.free(), 1);
}

#[test]
fn a_wait_with_a_bound_ends_at_it_however_long_the_queued_jobs_take() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let (within, work) = (pool.clone(), gate.work());
    let outer = start(&pool, move || {
        let mut inner = start(&within, work);
        let bounded = inner.wait_timeout(Duration::from_millis(5));
        (bounded.is_none(), inner)
    });
    let (timed_out, inner) = output(outer);
    assert!(timed_out);
    gate.open();
    output(inner);
}

#[test]
fn a_wait_for_a_job_with_a_deadline_ends_at_the_deadline() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let (within, work) = (pool.clone(), gate.work());
    let outer = start(&pool, move || {
        let options = Submit::new().deadline(Duration::from_millis(5));
        within.try_submit_with(work, options).expect("there is room").wait()
    });
    let late = output(outer);
    assert!(matches!(late, Err(JobError::Deadline { .. })), "{late:?}");
    gate.open();
}

#[test]
fn a_thread_that_is_absent_for_two_reasons_counts_once() {
    let pool = ThreadPool::builder().threads(count(1)).spare(5).build();
    let mut gate = Gate::new();
    let mut deadline = Duration::from_millis(5);
    // On a busy machine the deadline may come before the start: then once more, with more time.
    loop {
        let work = gate.work();
        let options = Submit::new().deadline(deadline);
        let job = pool.try_submit_with(move || blocking(work), options).expect("there is room");
        match error(job) {
            JobError::Deadline { started: true } => break,
            JobError::Deadline { started: false } => deadline *= 2,
            other => panic!("{other}"),
        }
    }
    gate.wait_for_one();
    let begin = Instant::now();
    while pool.stats().abandoned == 0 {
        assert!(begin.elapsed() < LONG, "its thread is lost");
        thread::yield_now();
    }
    let other = Gate::new();
    let held = other.hold(&pool, 1);
    let queued = start(&pool, || 3);
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.queued, stats.abandoned), (2, 1, 1));
    drop(other);
    assert_eq!(output(queued), 3);
    held.into_iter().for_each(output);
    gate.open();
}
