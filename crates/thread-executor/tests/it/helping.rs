//! Jobs that wait for jobs of their own pool.

use crate::gate::Gate;
use crate::{LONG, output, pool, start};
use contract::{Job, Place, Submit, as_completed};
use std::thread;
use std::time::Instant;
use thread_executor::{ThreadPool, block_on};

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
        assert!(pool.stats().threads <= threads);
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
fn a_job_that_sleeps_in_a_wait_runs_work_that_comes_later() {
    let pool = pool(1, 8);
    let (promise, promised) = Job::promise(&Submit::new(), Place::none(), ());
    let waits = start(&pool, move || promised.wait().expect("it has an output"));
    // The only thread waits, or will; what fulfils the promise can run nowhere else.
    let fulfils = start(&pool, move || promise.finish(Ok(7)));
    output(fulfils);
    assert_eq!(output(waits), 7);
}
