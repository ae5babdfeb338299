//! What a job promises: its cancel, its place, its guards, its callbacks.

use crate::by_hand::{Alarm, Trace, panic_of, poll, poll_for, ready};
use contract::{Cancel, Control, Job, JobError, Place, Promise, Submit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

fn promise() -> (Promise<u8>, Job<u8>) {
    Job::promise(&Submit::new(), Place::none(), ())
}

/// Notes what the executor is told.
struct Noting(Trace);

impl Control for Noting {
    fn dequeued(&self) {
        self.0.note("dequeued");
    }

    fn signalled(&self) {
        self.0.note("signalled");
    }
}

#[test]
fn a_cancel_before_the_start_dequeues_and_the_work_never_runs() {
    let trace = Trace::default();
    let held = trace.on_drop("work dropped");
    let place = Place::new(trace.on_drop("place"));
    let (runnable, mut job) = Job::package(move || drop(held), &Submit::new(), place, Noting(trace.clone()));
    job.attach(trace.on_drop("guard"));
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done")
    });
    assert_eq!(job.cancel(), Cancel::Dequeued);
    assert_eq!(trace.take(), ["place", "work dropped", "dequeued", "guard", "done"]);
    assert_eq!(job.cancel(), Cancel::AlreadyDone);
    assert!(!runnable.is_queued());
    runnable.run();
    assert!(matches!(ready(&mut job), Err(JobError::Cancelled { started: false })));
    assert!(trace.take().is_empty());
}

#[test]
fn a_cancel_of_running_work_is_a_signal_and_the_executor_decides() {
    let trace = Trace::default();
    let (promise, mut job) = Job::promise(&Submit::new(), Place::none(), Noting(trace.clone()));
    assert!(promise.start());
    assert!(job.running());
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert_eq!(trace.take(), ["signalled", "signalled"]);
    assert!(poll(&mut job).is_pending());
    promise.finish(Ok(5));
    assert_eq!(job.cancel(), Cancel::AlreadyDone);
    assert_eq!(ready(&mut job).unwrap(), 5);
    assert!(trace.take().is_empty());
}

#[test]
fn a_job_past_its_deadline_is_not_signalled_although_its_work_runs_on() {
    let trace = Trace::default();
    let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), Noting(trace.clone()));
    assert!(promise.start());
    assert!(promise.watch().expire());
    assert_eq!(job.cancel(), Cancel::AlreadyDone);
    drop(promise);
    assert_eq!(job.cancel(), Cancel::AlreadyDone);
    assert!(trace.take().is_empty());
}

#[test]
fn the_place_is_free_the_moment_the_work_starts() {
    let trace = Trace::default();
    let inside = trace.clone();
    let work = move || inside.note("running");
    let (runnable, job) = Job::package(work, &Submit::new(), Place::new(trace.on_drop("place")), ());
    assert!(trace.take().is_empty());
    runnable.run();
    assert_eq!(trace.take(), ["place", "running"]);
    job.wait().unwrap();
}

#[test]
fn what_the_work_holds_and_its_guards_are_free_before_the_outcome_is_seen() {
    let trace = Trace::default();
    let captured = trace.on_drop("captured");
    let (runnable, job) = Job::package(move || drop(captured), &Submit::new(), Place::none(), ());
    job.attach(trace.on_drop("first guard"));
    job.attach(trace.on_drop("second guard"));
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done")
    });
    runnable.run();
    assert_eq!(trace.take(), ["captured", "first guard", "second guard", "done"]);
    job.attach(trace.on_drop("late guard"));
    assert_eq!(trace.take(), ["late guard"]);
}

#[test]
fn a_guard_that_is_attached_while_others_are_dropped_goes_before_the_outcome_too() {
    let trace = Trace::default();
    let (promise, job) = promise();
    let job = Arc::new(job);
    let (inside, late) = (Arc::downgrade(&job), trace.clone());
    job.attach(crate::by_hand::OnDrop(move || {
        let job = inside.upgrade().expect("the test holds it");
        assert!(!job.done());
        job.attach(late.on_drop("attached late"));
    }));
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done")
    });
    promise.finish(Ok(1));
    assert_eq!(trace.take(), ["attached late", "done"]);
}

#[test]
fn a_guard_outlives_a_job_that_was_detached() {
    let trace = Trace::default();
    let (promise, job) = promise();
    job.attach(trace.on_drop("guard"));
    drop(job);
    assert!(promise.start());
    assert!(trace.take().is_empty());
    promise.finish(Ok(1));
    assert_eq!(trace.take(), ["guard"]);
}

#[test]
fn a_guard_outlives_a_deadline_that_left_the_work_running() {
    let trace = Trace::default();
    let (promise, mut job) = promise();
    job.attach(trace.on_drop("guard"));
    assert!(promise.start());
    assert!(promise.watch().expire());
    assert!(matches!(ready(&mut job), Err(JobError::Deadline { started: true })));
    assert!(job.running());
    assert!(trace.take().is_empty());
    promise.finish(Ok(1));
    assert!(!job.running());
    assert_eq!(trace.take(), ["guard"]);
}

#[test]
fn callbacks_run_in_order_and_a_panic_of_one_stops_none() {
    let trace = Trace::default();
    let (promise, job) = promise();
    let noting = |event| {
        let trace = trace.clone();
        move || trace.note(event)
    };
    job.on_done(noting("first"));
    job.on_done(|| panic!("a callback that fails"));
    job.on_done(noting("third"));
    promise.finish(Ok(1));
    job.on_done(noting("late"));
    assert_eq!(trace.take(), ["first", "third", "late"]);
    job.on_done(|| panic!("a late callback that fails"));
}

#[test]
fn callbacks_run_once_and_at_the_deadline_if_that_comes_first() {
    let trace = Trace::default();
    let (promise, job) = promise();
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done")
    });
    assert!(promise.start());
    assert!(promise.watch().expire());
    assert_eq!(trace.take(), ["done"]);
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done, and the work runs on")
    });
    assert_eq!(trace.take(), ["done, and the work runs on"]);
    promise.finish(Ok(1));
    assert!(trace.take().is_empty());
    assert!(matches!(job.wait(), Err(JobError::Deadline { started: true })));
}

#[test]
fn callbacks_run_although_the_job_was_detached() {
    let trace = Trace::default();
    let (promise, job) = promise();
    job.on_done({
        let trace = trace.clone();
        move || trace.note("done")
    });
    job.detach();
    drop(promise);
    assert_eq!(trace.take(), ["done"]);
}

#[test]
fn dropping_a_job_detaches_it_and_cancel_on_drop_changes_that() {
    let (first, job) = promise();
    drop(job);
    assert!(first.is_queued());
    let (second, job) = promise();
    drop(job.cancel_on_drop());
    assert!(!second.is_queued());
    assert!(!second.start());
    let (third, job) = promise();
    job.cancel_on_drop().detach();
    assert!(third.start());
}

#[test]
fn a_job_that_is_dropped_keeps_no_task_alive() {
    let (alarm, waker) = Alarm::new();
    let (promise, mut job) = promise();
    assert!(poll_for(&mut job, &waker).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&alarm), 2);
    drop(job);
    assert_eq!(Arc::strong_count(&alarm), 1);
    promise.finish(Ok(1));
    assert_eq!(alarm.count(), 0);
}

#[test]
fn only_the_waker_of_the_last_poll_is_woken() {
    let (first, first_waker) = Alarm::new();
    let (second, second_waker) = Alarm::new();
    let (promise, mut job) = promise();
    assert!(poll_for(&mut job, &first_waker).is_pending());
    assert!(poll_for(&mut job, &second_waker).is_pending());
    assert!(poll_for(&mut job, &second_waker).is_pending());
    promise.finish(Ok(1));
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn a_job_that_is_polled_again_after_its_output_says_so() {
    let (promise, mut job) = promise();
    promise.finish(Ok(1));
    ready(&mut job).unwrap();
    assert_eq!(panic_of(|| poll(&mut job)), "a job was polled again after it gave its output");
    assert!(job.done());
    assert!(!job.failed());
}

#[test]
fn a_failure_is_still_one_after_it_was_taken() {
    let (promise, mut job) = promise();
    drop(promise);
    assert!(job.failed());
    assert!(ready(&mut job).is_err());
    assert!(job.failed());
}

#[test]
fn a_label_stays_with_the_job_its_work_and_its_promise() {
    let options = Submit::new().label("thumbnail");
    let (runnable, job) = Job::package(|| (), &options, Place::none(), ());
    assert_eq!(job.label(), Some("thumbnail"));
    assert_eq!(runnable.label().map(AsRef::as_ref), Some("thumbnail"));
    let (promise, job) = Job::<()>::promise(&options, Place::none(), ());
    assert_eq!(promise.label().map(AsRef::as_ref), job.label());
}

#[test]
fn a_job_may_be_cancelled_from_its_own_callback_guard_and_work() {
    let (promise, job) = promise();
    let job = Arc::new(job);
    let said = Arc::new(AtomicUsize::new(0));
    let cancels = || {
        let (job, said) = (Arc::downgrade(&job), said.clone());
        move || {
            let answer = job.upgrade().expect("the test holds it").cancel();
            assert_eq!(answer, Cancel::AlreadyDone);
            said.fetch_add(1, SeqCst);
        }
    };
    job.attach(crate::by_hand::OnDrop(cancels()));
    job.on_done(cancels());
    promise.finish(Ok(1));
    assert_eq!(said.load(SeqCst), 2);
}
