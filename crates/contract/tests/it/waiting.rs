//! Blocking waits: what they keep, whom they refuse, whom they help.

use crate::by_hand::{Alarm, ByHand, panic_of, poll_for};
use contract::role::{self, Help, Role};
use contract::{ExecutorExt, Job, JobError, Place, Submit, block_on, block_on_timeout};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// So long that only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_thread_waits_for_work_on_another_thread() {
    let (runnable, job) = Job::package(|| 42, &Submit::new(), Place::none(), ());
    let runner = std::thread::spawn(move || runnable.run());
    assert_eq!(job.wait().unwrap(), 42);
    runner.join().unwrap();
}

#[test]
fn a_wait_that_times_out_keeps_the_job() {
    let (promise, mut job) = Job::promise(&Submit::new(), Place::none(), ());
    assert!(job.wait_timeout(Duration::ZERO).is_none());
    assert!(job.wait_timeout(Duration::from_millis(1)).is_none());
    assert!(promise.is_queued());
    promise.finish(Ok(9));
    assert_eq!(job.wait_timeout(Duration::ZERO).expect("it is done").unwrap(), 9);
    let said = panic_of(|| job.wait_timeout(Duration::ZERO));
    assert_eq!(said, "a job was polled again after it gave its output");
}

#[test]
fn a_timeout_too_far_to_count_is_no_bound() {
    let (runnable, mut job) = Job::package(|| 42, &Submit::new(), Place::none(), ());
    let runner = std::thread::spawn(move || runnable.run());
    assert_eq!(job.wait_timeout(Duration::MAX).expect("it is awaited").unwrap(), 42);
    runner.join().unwrap();
}

#[test]
fn a_wait_on_a_loops_thread_panics_and_names_the_cure() {
    let (promise, mut job) = Job::promise(&Submit::new(), Place::none(), ());
    let role = role::enter(Role::Loop);
    for said in [panic_of(|| job.wait_timeout(LONG)), panic_of(|| block_on(std::future::ready(())))] {
        assert!(said.contains("`.await` it instead") && said.contains("`to_thread`"), "{said}");
    }
    drop(role);
    promise.finish(Ok(3));
    assert_eq!(job.wait().unwrap(), 3);
}

#[test]
fn the_panic_of_a_refused_wait_points_at_the_caller() {
    let _role = role::enter(Role::Loop);
    let (_promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
    let line = line!() + 1;
    let panic = contract::Panic::catch(|| job.wait()).expect_err("a loop is never blocked");
    let location = panic.location().expect("the hook noted it");
    assert!(location.contains(&format!("waiting.rs:{line}:")), "{location}");
}

#[test]
fn a_role_ends_with_its_guard_also_on_unwind() {
    let _outer = role::enter(Role::Loop);
    panic_of(|| {
        let _inner = role::enter(Role::Worker(Arc::new(Helping::new(ByHand::new(1)))));
        assert!(matches!(role::current(), Role::Worker(_)));
        panic!("on the way out");
    });
    assert!(matches!(role::current(), Role::Loop));
}

#[test]
fn a_role_may_be_asked_for_while_a_role_is_dropped() {
    struct Asks;
    impl Help for Asks {
        fn help(&self) -> bool {
            false
        }
        fn wake_on_work(&self, _: &Waker) {}
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            assert!(matches!(role::current(), Role::Plain));
        }
    }
    // The role that was left is the last that holds the pool, and so is the role that comes back in its turn.
    drop(role::enter(Role::Worker(Arc::new(Asks))));
    let outer = role::enter(Role::Worker(Arc::new(Asks)));
    drop(role::enter(Role::Plain));
    drop(outer);
}

/// A worker of a pool with one thread: this one.
struct Helping {
    pool: ByHand,
    asked: AtomicUsize,
}

impl Helping {
    fn new(pool: ByHand) -> Self {
        Self { pool, asked: AtomicUsize::new(0) }
    }
}

impl Help for Helping {
    fn help(&self) -> bool {
        self.pool.run_next()
    }

    fn wake_on_work(&self, _: &Waker) {
        self.asked.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_worker_that_waits_for_a_job_of_its_own_pool_runs_it() {
    let helping = Arc::new(Helping::new(ByHand::new(8)));
    let _role = role::enter(Role::Worker(helping.clone()));
    let first = helping.pool.try_submit(|| 1).unwrap();
    // Waits within a wait, and each runs what the other waits for.
    let pool = helping.clone();
    let nested =
        helping.pool.try_submit(move || pool.pool.try_submit(|| 2).unwrap().wait().unwrap()).unwrap();
    assert_eq!(nested.wait().unwrap(), 2);
    assert!(first.done());
    assert_eq!(first.wait().unwrap(), 1);
}

#[test]
fn a_worker_that_waits_for_room_makes_it() {
    let helping = Arc::new(Helping::new(ByHand::new(1)));
    let _role = role::enter(Role::Worker(helping.clone()));
    helping.pool.try_submit(|| ()).unwrap().detach();
    block_on(helping.pool.submit(|| ())).unwrap().wait().unwrap();
}

#[test]
fn a_worker_sleeps_only_after_it_asked_to_be_woken_for_work() {
    let helping = Arc::new(Helping::new(ByHand::new(1)));
    let _role = role::enter(Role::Worker(helping.clone()));
    let (runnable, mut job) = Job::package(|| 4, &Submit::new(), Place::none(), ());
    assert!(job.wait_timeout(Duration::from_millis(1)).is_none());
    assert!(helping.asked.load(SeqCst) > 0);
    let runner = std::thread::spawn(move || runnable.run());
    assert_eq!(job.wait().unwrap(), 4);
    runner.join().unwrap();
}

/// A pool that never runs out of work.
struct Endless(AtomicUsize);

impl Help for Endless {
    fn help(&self) -> bool {
        self.0.fetch_add(1, SeqCst);
        true
    }

    fn wake_on_work(&self, _: &Waker) {}
}

#[test]
fn endless_work_to_help_with_does_not_outrun_a_timeout() {
    let endless = Arc::new(Endless(AtomicUsize::new(0)));
    let _role = role::enter(Role::Worker(endless.clone()));
    let (_promise, mut job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
    assert!(job.wait_timeout(Duration::from_millis(5)).is_none());
    assert!(endless.0.load(SeqCst) > 0);
}

/// Wakes itself and is never ready.
struct Restless;

impl Future for Restless {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn a_future_that_always_wakes_itself_does_not_outrun_a_timeout() {
    assert!(block_on_timeout(&mut Restless, Duration::from_millis(5)).is_none());
}

#[test]
fn a_wake_that_is_left_over_from_an_earlier_wait_does_no_harm() {
    let (first, mut earlier) = Job::promise(&Submit::new(), Place::none(), ());
    assert!(earlier.wait_timeout(Duration::ZERO).is_none());
    first.finish(Ok(1));
    let (second, mut later) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
    assert!(later.wait_timeout(Duration::from_millis(5)).is_none());
    drop(second);
    assert!(matches!(later.wait(), Err(JobError::Shutdown { started: false })));
    assert_eq!(earlier.wait().unwrap(), 1);
}

#[test]
fn a_job_can_be_waited_for_after_a_runtime_polled_it() {
    let (alarm, waker) = Alarm::new();
    let (runnable, mut job) = Job::package(|| 42, &Submit::new(), Place::none(), ());
    assert!(poll_for(&mut job, &waker).is_pending());
    let runner = std::thread::spawn(move || runnable.run());
    assert_eq!(job.wait_timeout(LONG).expect("it runs").unwrap(), 42);
    runner.join().unwrap();
    assert!(alarm.count() <= 1);
}
