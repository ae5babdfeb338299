//! Jobs that borrow.

use crate::{LONG, output, pool, start};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use thread_executor::{Drain, JobError, Shutdown};

#[test]
fn a_scope_ends_after_its_jobs_which_may_borrow_and_spawn_more() {
    let pool = pool(2, 4);
    let (mut numbers, seen) = (vec![3, 1, 2], AtomicUsize::new(0));
    let sum = pool.scope(|scope| {
        scope.spawn(|| numbers.sort_unstable());
        for _ in 0..20 {
            scope.spawn(|| {
                seen.fetch_add(1, Ordering::Relaxed);
                scope.spawn(|| seen.fetch_add(1, Ordering::Relaxed));
            });
        }
        scope.spawn(|| 40 + 2).wait().expect("it has an output")
    });
    assert_eq!((numbers, seen.into_inner(), sum), (vec![1, 2, 3], 40, 42));
}

#[test]
fn a_scope_inside_a_job_runs_its_jobs_on_the_thread_that_waits() {
    let pool = pool(1, 2);
    let within = pool.clone();
    let total = output(start(&pool, move || {
        let total = AtomicUsize::new(0);
        within.scope(|scope| {
            for number in 0..10 {
                let total = &total;
                scope.spawn(move || total.fetch_add(number, Ordering::Relaxed));
            }
        });
        total.into_inner()
    }));
    assert_eq!(total, 45);
    assert_eq!(pool.stats().threads, 1);
}

#[test]
fn scopes_within_the_jobs_of_scopes_need_no_more_threads() {
    fn leaves(pool: &thread_executor::ThreadPool, depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        pool.scope(|scope| {
            let halves = [(); 2].map(|()| scope.spawn(|| leaves(pool, depth - 1)));
            halves.into_iter().map(|half| half.wait().expect("it has an output")).sum()
        })
    }
    let pool = pool(1, 1024);
    let within = pool.clone();
    assert_eq!(output(start(&pool, move || leaves(&within, 8))), 256);
    assert_eq!(pool.stats().threads, 1);
}

#[test]
fn a_job_that_a_shutdown_withdraws_and_nobody_waits_for_is_told_by_the_scope() {
    let pool = pool(1, 8);
    let mut gate = crate::gate::Gate::new();
    let held = gate.hold(&pool, 1);
    let ran = AtomicUsize::new(0);
    let panic = contract::Panic::catch(|| {
        pool.scope(|scope| {
            scope.spawn(|| ran.fetch_add(1, Ordering::Relaxed));
            pool.shutdown(Drain::Started, Duration::ZERO);
        })
    });
    let message = panic.expect_err("somebody must learn of it");
    assert!(message.message().contains("never ran"), "{message}");
    assert_eq!(ran.into_inner(), 0);
    gate.open();
    held.into_iter().for_each(output);
}

#[test]
fn a_panic_of_the_body_waits_for_the_jobs_and_goes_on() {
    let pool = pool(2, 8);
    let done = AtomicUsize::new(0);
    let panic = contract::Panic::catch(|| {
        pool.scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                done.fetch_add(1, Ordering::Relaxed);
            });
            panic!("the body");
        })
    });
    assert_eq!(panic.expect_err("it goes on").message(), "the body");
    assert_eq!(done.into_inner(), 1);
}

#[test]
fn a_panic_of_a_job_is_its_error_if_it_is_waited_for_and_else_the_scopes() {
    let pool = pool(1, 8);
    let error = pool.scope(|scope| scope.spawn(|| panic!("a job")).wait()).expect_err("it panics");
    assert!(matches!(error, JobError::Panicked(panic) if panic.message() == "a job"));
    let panic = contract::Panic::catch(|| pool.scope(|scope| drop(scope.spawn(|| panic!("unseen")))));
    assert!(panic.expect_err("somebody must see it").message().contains("nobody waited"));
}

#[test]
fn on_a_closed_pool_the_jobs_of_a_scope_run_where_they_are_spawned() {
    let pool = pool(1, 8);
    pool.shutdown(Drain::Queued, LONG);
    let here = std::thread::current().id();
    let there = pool.scope(|scope| scope.spawn(|| std::thread::current().id()).wait().expect("it ran"));
    assert_eq!(here, there);
}

#[test]
fn a_scope_on_the_thread_of_a_loop_is_refused_before_anything_runs() {
    let pool = pool(1, 8);
    let _role = contract::role::enter(contract::role::Role::Loop);
    let ran = AtomicUsize::new(0);
    let panic = contract::Panic::catch(|| pool.scope(|_| ran.fetch_add(1, Ordering::Relaxed)));
    assert!(panic.expect_err("it would block the loop").message().contains("to_thread"));
    assert_eq!(ran.into_inner(), 0);
}

#[test]
fn jobs_that_a_shutdown_withdraws_do_not_hold_the_scope() {
    let pool = pool(1, 8);
    let mut gate = crate::gate::Gate::new();
    let held = gate.hold(&pool, 1);
    let ran = AtomicUsize::new(0);
    let withdrawn = pool.scope(|scope| {
        let job = scope.spawn(|| ran.fetch_add(1, Ordering::Relaxed));
        pool.shutdown(Drain::Started, Duration::ZERO);
        job.wait()
    });
    assert!(matches!(withdrawn, Err(JobError::Shutdown { started: false })), "{withdrawn:?}");
    assert_eq!(ran.into_inner(), 0);
    gate.open();
    held.into_iter().for_each(output);
}
