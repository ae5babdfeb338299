//! The bound of the queue: full, room, cancelled places.

use crate::gate::Gate;
use crate::{LONG, error, output, pool, start};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use thread_executor::{
    Cancel, Executor, ExecutorExt, JobError, Reject, Submit, ThreadPool, block_on, block_on_timeout,
};

/// What a refused piece of work says when it is run after all.
fn refused<F: FnOnce() -> R + Send + 'static, R: Send + 'static>(pool: &ThreadPool, work: F) -> (F, Reject) {
    let rejected = pool.try_submit(work).expect_err("it is refused");
    let why = rejected.why.clone();
    (rejected.into_work(), why)
}

#[test]
fn a_full_queue_gives_the_closure_back() {
    let pool = pool(1, 2);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let queued = [start(&pool, || 1), start(&pool, || 2)];
    let text = String::from("kept");
    let (work, why) = refused(&pool, move || text);
    assert!(matches!(why, Reject::Full), "{why}");
    assert_eq!(work(), "kept");
    assert_eq!(pool.stats().queued, 2);
    gate.open();
    held.into_iter().for_each(output);
    assert_eq!(queued.map(output), [1, 2]);
}

#[test]
fn submit_waits_for_room() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let queued = start(&pool, || 1);
    let mut submitting = pin!(pool.submit(|| 2));
    assert!(submitting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.open();
    let job = block_on_timeout(&mut submitting, LONG).expect("room comes").expect("it is accepted");
    assert_eq!((output(queued), output(job)), (1, 2));
    held.into_iter().for_each(output);
}

#[test]
fn a_cancel_frees_the_place_at_once() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let first = start(&pool, || 1);
    let mut room = pool_room(&pool);
    assert!(block_on_timeout(&mut room, std::time::Duration::ZERO).is_none());
    assert_eq!(first.cancel(), Cancel::Dequeued);
    let Poll::Ready(place) = std::pin::Pin::new(&mut room).poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("the place is free")
    };
    let second = pool.try_submit_with(|| 2, Submit::new().place(place)).expect("the place was kept for it");
    gate.open();
    held.into_iter().for_each(output);
    assert_eq!(output(second), 2);
}

fn pool_room(pool: &ThreadPool) -> thread_executor::Room {
    Executor::<fn()>::room(pool)
}

#[test]
fn a_million_cancelled_jobs_leave_nothing_behind_while_every_thread_is_held() {
    let pool = pool(1, 4);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let last = start(&pool, || 7);
    for number in 0..1_000_000_u32 {
        let job = start(&pool, move || number);
        assert_eq!(job.cancel(), Cancel::Dequeued);
    }
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.cancelled), (1, 1_000_000));
    gate.open();
    assert_eq!(output(last), 7);
    held.into_iter().for_each(output);
}

#[test]
fn a_full_queue_makes_a_blocking_caller_run_the_work_itself() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let queued = pool.submit_or_run_here(|| thread::current().id()).expect("there is room");
    let here = pool.submit_or_run_here(|| thread::current().id()).expect("it runs here");
    assert!(here.done());
    assert_eq!(output(here), thread::current().id());
    let panics = pool.submit_or_run_here(|| panic!("here")).map(error).expect("it runs here");
    assert!(matches!(panics, JobError::Panicked(_)), "{panics}");
    gate.open();
    assert_ne!(output(queued), thread::current().id());
    held.into_iter().for_each(output);
    let stats = pool.stats();
    assert_eq!((stats.submitted, stats.completed, stats.panicked, stats.running), (4, 3, 1, 0));
}

#[test]
fn a_loop_thread_is_told_to_await_instead_of_running_work_itself() {
    let pool = pool(1, 1);
    let _role = contract::role::enter(contract::role::Role::Loop);
    let panic = contract::Panic::catch(|| pool.submit_or_run_here(|| ()).map(drop)).map(drop);
    let message = panic.expect_err("it panics");
    assert!(message.message().contains("await `submit`"), "{message}");
}

#[test]
fn a_job_may_submit_to_its_own_full_pool() {
    let pool = pool(1, 1);
    let within = pool.clone();
    let job = start(&pool, move || {
        let first = block_on(within.submit(|| 1)).expect("it is accepted");
        // The queue is full and this thread is the only one: another stands in, and makes room.
        let second = block_on(within.submit(|| 2)).expect("it is accepted");
        (first.wait().expect("it has an output"), second.wait().expect("it has an output"))
    });
    assert_eq!(output(job), (1, 2));
}
