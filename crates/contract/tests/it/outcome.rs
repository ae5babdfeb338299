//! Every way to an outcome, and that no foreign panic stands in it.

use crate::by_hand::{Alarm, OnDrop, Trace, poll_for, ready};
use contract::{Control, Job, JobError, Place, Submit};
use std::sync::Arc;
use std::task::{Wake, Waker};

#[test]
fn the_output_of_the_work_comes_out() {
    let (runnable, mut job) = Job::package(|| 6 * 7, &Submit::new(), Place::none(), ());
    assert!(!job.done() && !job.running());
    runnable.run();
    assert!(job.done() && !job.running() && !job.failed());
    assert_eq!(ready(&mut job).unwrap(), 42);
}

#[test]
fn a_panic_of_the_work_comes_out_with_its_message_and_location() {
    let (runnable, mut job) = Job::<u8>::package(|| panic!("no luck"), &Submit::new(), Place::none(), ());
    runnable.run();
    assert!(job.failed());
    let Err(JobError::Panicked(panic)) = ready(&mut job) else { panic!("it panicked") };
    assert_eq!(panic.message(), "no luck");
    assert!(panic.location().is_some_and(|location| location.contains("outcome.rs:")));
}

#[test]
fn work_that_nobody_runs_ends_with_shutdown() {
    let trace = Trace::default();
    let held = trace.on_drop("work");
    let (runnable, mut job) = Job::package(move || drop(held), &Submit::new(), Place::none(), ());
    drop(runnable);
    assert_eq!(trace.take(), ["work"]);
    assert!(matches!(ready(&mut job), Err(JobError::Shutdown { started: false })));
}

#[test]
fn a_promise_that_nobody_keeps_ends_with_shutdown_and_says_whether_it_had_started() {
    for begins in [false, true] {
        let (promise, mut job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
        assert!(!begins || promise.start());
        drop(promise);
        assert!(matches!(ready(&mut job), Err(JobError::Shutdown { started }) if started == begins));
    }
}

#[test]
fn a_promise_that_is_finished_without_a_start_counts_as_started() {
    let trace = Trace::default();
    let (promise, mut job) = Job::promise(&Submit::new(), Place::new(trace.on_drop("place")), ());
    promise.finish(Ok(1));
    assert_eq!(trace.take(), ["place"]);
    assert_eq!(ready(&mut job).unwrap(), 1);
}

#[test]
fn an_outcome_that_comes_after_a_cancel_is_thrown_away() {
    let trace = Trace::default();
    let (promise, mut job) = Job::promise(&Submit::new(), Place::none(), ());
    job.cancel();
    promise.finish(Ok(trace.on_drop("output")));
    assert_eq!(trace.take(), ["output"]);
    assert!(matches!(ready(&mut job), Err(JobError::Cancelled { started: false })));
}

#[test]
fn a_withdrawal_ends_what_has_not_started_and_nothing_else() {
    let why = || JobError::Shutdown { started: false };
    let (runnable, mut job) = Job::package(|| 1, &Submit::new(), Place::none(), ());
    assert!(runnable.withdraw(JobError::Cancelled { started: false }));
    assert!(matches!(ready(&mut job), Err(JobError::Cancelled { started: false })));
    let (promise, mut job) = Job::promise(&Submit::new(), Place::none(), ());
    assert!(promise.start());
    assert!(!promise.withdraw(why()));
    promise.finish(Ok(1));
    assert_eq!(ready(&mut job).unwrap(), 1);
}

#[test]
fn a_deadline_says_whether_the_work_had_begun_and_comes_once() {
    for begins in [false, true] {
        let (promise, mut job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
        let watch = promise.watch();
        assert!(!begins || promise.start());
        assert_eq!(watch.is_queued(), !begins);
        assert!(watch.expire());
        assert!(!watch.expire());
        assert!(!watch.is_queued());
        assert!(matches!(ready(&mut job), Err(JobError::Deadline { started }) if started == begins));
        promise.finish(Ok(1));
        assert!(!watch.expire());
    }
}

#[test]
fn a_watch_keeps_no_job_alive() {
    let (runnable, job) = Job::package(|| 1, &Submit::new(), Place::none(), ());
    let watch = runnable.watch();
    assert!(watch.is_queued());
    runnable.run();
    assert!(!watch.expire());
    drop(job);
    assert!(!watch.expire());
    assert!(!watch.is_queued());
}

/// Every piece of foreign code that a job meets, and all of it panics.
struct Grim;

impl Control for Grim {
    fn dequeued(&self) {
        panic!("dequeued");
    }
}

impl Wake for Grim {
    fn wake(self: Arc<Self>) {
        panic!("wake");
    }
}

#[test]
fn no_foreign_panic_keeps_a_job_from_its_outcome() {
    let grim = || OnDrop(|| panic!("drop"));
    let held = grim();
    let (runnable, mut job) = Job::package(move || drop(held), &Submit::new(), Place::new(grim()), Grim);
    job.attach(grim());
    job.attach(grim());
    job.on_done(|| panic!("callback"));
    assert!(poll_for(&mut job, &Waker::from(Arc::new(Grim))).is_pending());
    job.cancel();
    assert!(matches!(ready(&mut job), Err(JobError::Cancelled { started: false })));
    drop(runnable);
}

#[test]
fn no_foreign_panic_reaches_the_thread_that_runs_the_work() {
    let grim = || OnDrop(|| panic!("drop"));
    let (runnable, mut job) = Job::package(|| 7, &Submit::new(), Place::new(grim()), ());
    job.attach(grim());
    assert!(poll_for(&mut job, &Waker::from(Arc::new(Grim))).is_pending());
    runnable.run();
    assert_eq!(ready(&mut job).unwrap(), 7);

    let (runnable, job) = Job::package(grim, &Submit::new(), Place::none(), ());
    job.detach();
    runnable.run();
}

#[test]
fn an_output_that_nobody_wants_is_dropped_where_it_becomes_unwanted() {
    let trace = Trace::default();
    let output = trace.on_drop("output");
    let (runnable, job) = Job::package(move || output, &Submit::new(), Place::none(), ());
    let watch = runnable.watch();
    runnable.run();
    assert!(trace.take().is_empty());
    drop(job);
    assert_eq!(trace.take(), ["output"]);
    assert!(!watch.is_queued());

    let output = trace.on_drop("output");
    let (runnable, job) = Job::package(move || output, &Submit::new(), Place::none(), ());
    drop(job);
    runnable.run();
    assert_eq!(trace.take(), ["output"]);
}

#[test]
fn a_waker_that_looks_at_its_job_when_it_is_dropped_meets_no_lock() {
    // The waker of a task whose last reference is the waker, and whose future holds the job's sibling.
    let (promise, mut job) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
    let (other_promise, other) = Job::<u8>::promise(&Submit::new(), Place::none(), ());
    let looks = Arc::new(Looks(promise.watch(), other));
    assert!(poll_for(&mut job, &Waker::from(looks)).is_pending());
    let (_alarm, waker) = Alarm::new();
    // Replacing the waker drops it, and with it the other job.
    assert!(poll_for(&mut job, &waker).is_pending());
    other_promise.finish(Ok(1));
    promise.finish(Ok(1));
    assert_eq!(ready(&mut job).unwrap(), 1);
}

struct Looks(contract::Watch, Job<u8>);

impl Wake for Looks {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Looks {
    fn drop(&mut self) {
        assert!(self.0.is_queued() && !self.1.done());
    }
}
