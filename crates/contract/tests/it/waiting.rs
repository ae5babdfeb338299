//! Blocking waits: what they keep, whom they refuse, what they run.

use crate::by_hand::{Alarm, panic_of, poll_for};
use contract::role::{self, Role, Waits};
use contract::{Control, Job, JobError, Place, Runnable, Submit, block_on, block_on_timeout};
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
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
        let _inner = role::enter(Role::Worker(Arc::new(Told::default())));
        assert!(matches!(role::current(), Role::Worker(_)));
        panic!("on the way out");
    });
    assert!(matches!(role::current(), Role::Loop));
}

#[test]
fn a_role_may_be_asked_for_while_a_role_is_dropped() {
    struct Asks;
    impl Waits for Asks {
        fn sleeps(&self, _: &Waker) -> Option<Duration> {
            None
        }
        fn goes_on(&self) {}
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

/// A pool that notes what it is told.
#[derive(Default)]
struct Told {
    sleeps: AtomicUsize,
    asleep: AtomicBool,
    /// What is to happen in the third sleep; without it nobody is ever said to be missing.
    third: Mutex<Option<Runnable>>,
}

impl Waits for Told {
    fn sleeps(&self, _: &Waker) -> Option<Duration> {
        assert!(!self.asleep.swap(true, SeqCst), "told twice");
        if self.sleeps.fetch_add(1, SeqCst) == 2 {
            let third = self.third.lock().unwrap().take();
            third.into_iter().for_each(Runnable::run);
        }
        self.third.lock().unwrap().is_some().then_some(Duration::from_millis(1))
    }

    fn goes_on(&self) {
        assert!(self.asleep.swap(false, SeqCst), "it did not sleep");
    }
}

/// Lets whoever waits for a job run it, or not.
struct Lets(bool);

impl Control for Lets {
    fn awaited(&self, label: Option<&Cow<'static, str>>, run: &mut dyn FnMut()) {
        assert_eq!(label.map(|label| &**label), Some("awaited"));
        if self.0 {
            run();
        }
    }
}

fn package<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    control: impl Control,
) -> (Runnable, Job<T>) {
    Job::package(work, &Submit::new().label("awaited"), Place::none(), control)
}

#[test]
fn a_worker_runs_the_job_that_it_waits_for_if_the_executor_lets_it() {
    let told = Arc::new(Told::default());
    let _role = role::enter(Role::Worker(told.clone()));
    let (runnable, job) = package(|| std::thread::current().id(), Lets(true));
    assert_eq!(job.wait().unwrap(), std::thread::current().id());
    assert!(!runnable.is_queued());
    runnable.run();
    assert_eq!(told.sleeps.load(SeqCst), 0);

    let (runnable, job) = package(|| std::thread::current().id(), Lets(false));
    let runner = std::thread::spawn(move || runnable.run());
    assert_ne!(job.wait().unwrap(), std::thread::current().id());
    runner.join().unwrap();
}

#[test]
fn nobody_but_a_worker_runs_what_it_waits_for_and_none_in_a_wait_that_may_end_before() {
    let (runnable, mut job) = package(|| 1, Lets(true));
    assert!(job.wait_timeout(Duration::ZERO).is_none());
    {
        let _role = role::enter(Role::Worker(Arc::new(Told::default())));
        assert!(job.wait_timeout(Duration::ZERO).is_none());
    }
    assert!(runnable.is_queued());
    let runner = std::thread::spawn(move || runnable.run());
    assert_eq!(job.wait().unwrap(), 1);
    runner.join().unwrap();
}

#[test]
fn a_job_whose_work_is_elsewhere_cannot_be_run_by_whoever_waits() {
    let _role = role::enter(Role::Worker(Arc::new(Told::default())));
    let (promise, job) = Job::promise(&Submit::new().label("awaited"), Place::none(), Lets(true));
    let watch = job.watch();
    watch.run_here();
    assert!(promise.is_queued() && watch.is_queued());
    promise.finish(Ok(3));
    assert_eq!(job.wait().unwrap(), 3);
}

/// Looks whether its worker is said to sleep while it is polled.
struct Polled<'a>(&'a Told, u32);

impl Future for Polled<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert!(!self.0.asleep.load(SeqCst), "a poll is work");
        self.1 += 1;
        cx.waker().wake_by_ref();
        if self.1 == 4 { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn a_pool_learns_of_each_sleep_of_its_worker_and_of_its_end() {
    let told = Arc::new(Told::default());
    let _role = role::enter(Role::Worker(told.clone()));
    block_on(Polled(&told, 0));
    assert_eq!((told.sleeps.load(SeqCst), told.asleep.load(SeqCst)), (3, false));
}

#[test]
fn a_worker_for_which_nobody_stands_in_asks_again_without_being_woken() {
    let told = Arc::new(Told::default());
    let (runnable, job) = Job::package(|| 4, &Submit::new(), Place::none(), ());
    *told.third.lock().unwrap() = Some(runnable);
    let _role = role::enter(Role::Worker(told.clone()));
    assert_eq!(job.wait().unwrap(), 4);
    assert_eq!(told.sleeps.load(SeqCst), 3);
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
