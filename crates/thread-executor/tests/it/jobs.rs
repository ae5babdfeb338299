//! What becomes of a job: output, panic, cancel.

use crate::gate::Gate;
use crate::{count, error, output, pool, start};
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;
use thread_executor::{
    Cancel, Executor, ExecutorExt, Fallible, JobError, Reject, block_on, block_on_timeout, checkpoint,
};

#[test]
fn work_runs_elsewhere_and_its_output_comes_back() {
    let pool = pool(2, 8);
    let here = thread::current().id();
    let there = output(start(&pool, || thread::current().id()));
    assert_ne!(here, there);
    assert_eq!(block_on(pool.run(|| 6 * 7)).expect("it has an output"), 42);
}

#[test]
fn work_of_one_thread_starts_in_the_order_of_its_submission() {
    let pool = pool(1, 200);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let jobs: Vec<_> = (0..100)
        .map(|number| {
            let order = order.clone();
            start(&pool, move || order.lock().expect("nobody panics here").push(number))
        })
        .collect();
    gate.open();
    held.into_iter().chain(jobs).for_each(output);
    assert!(order.lock().expect("nobody panics here").iter().copied().eq(0..100));
}

#[test]
fn a_panic_is_the_error_of_its_job_with_message_and_location_and_the_thread_lives_on() {
    let pool = pool(1, 8);
    let thread = output(start(&pool, || thread::current().id()));
    let JobError::Panicked(panic) = error(start(&pool, || panic!("no {}", "luck"))) else {
        panic!("it is a panic")
    };
    assert_eq!(panic.message(), "no luck");
    assert!(panic.location().expect("the place is known").contains("jobs.rs:"));
    let JobError::Panicked(panic) = error(start(&pool, || panic_any(7_u8))) else { panic!("it is a panic") };
    assert_eq!(*panic.into_payload().downcast::<u8>().expect("the same payload"), 7);
    assert_eq!(output(start(&pool, || thread::current().id())), thread);
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.completed, stats.panicked), (1, 2, 2));
}

#[test]
fn work_that_may_fail_by_itself_gives_its_job_its_own_error() {
    let pool = pool(1, 8);
    let job = pool.try_submit(Fallible(|| Ok::<_, JobError>(7))).expect("there is room");
    assert_eq!(output(job), 7);
    let refusal = || Err::<u8, _>(JobError::Rejected(Reject::TooLarge { len: 2, limit: 1 }));
    let job = pool.try_submit(Fallible(refusal)).expect("there is room");
    assert!(matches!(error(job), JobError::Rejected(Reject::TooLarge { len: 2, limit: 1 })));
    let panics = || -> Result<u8, JobError> { panic!("no luck") };
    let job = pool.try_submit(Fallible(panics)).expect("there is room");
    assert!(matches!(error(job), JobError::Panicked(panic) if panic.message() == "no luck"));
}

#[test]
fn work_that_stops_when_it_is_asked_to_ends_its_job_as_cancelled() {
    let pool = pool(1, 8);
    let (begins, begun) = channel();
    let work = move || -> Result<(), JobError> {
        begins.send(()).expect("somebody waits");
        loop {
            checkpoint()?;
            thread::yield_now();
        }
    };
    let job = pool.try_submit(Fallible(work)).expect("there is room");
    begun.recv().expect("it begins");
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert!(matches!(error(job), JobError::Cancelled { started: true }));
}

/// Panics when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("a destructor that panics");
    }
}

#[test]
fn a_destructor_that_panics_costs_the_pool_no_thread() {
    let pool = pool(1, 8);
    let thread = output(start(&pool, || thread::current().id()));
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    // Nobody wants its output, so the pool's thread drops it; and nobody wants this one to run.
    start(&pool, || Grenade).detach();
    let grenade = Grenade;
    let withdrawn = start(&pool, move || drop(grenade));
    assert_eq!(withdrawn.cancel(), Cancel::Dequeued);
    gate.open();
    held.into_iter().for_each(output);
    assert_eq!(output(start(&pool, || thread::current().id())), thread);
}

#[test]
fn a_job_cancelled_before_it_starts_never_runs() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let ran = Arc::new(AtomicUsize::new(0));
    let job = start(&pool, {
        let ran = ran.clone();
        move || ran.fetch_add(1, Ordering::Relaxed)
    });
    assert_eq!(job.cancel(), Cancel::Dequeued);
    assert_eq!(job.cancel(), Cancel::AlreadyDone);
    assert!(matches!(error(job), JobError::Cancelled { started: false }));
    gate.open();
    held.into_iter().for_each(output);
    output(start(&pool, || ()));
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    assert_eq!(Arc::strong_count(&ran), 1, "the closure is dropped");
    assert_eq!(pool.stats().cancelled, 1);
}

#[test]
fn a_job_that_runs_is_told_of_a_cancel_and_goes_on() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let mut held = gate.hold(&pool, 1);
    let job = held.pop().expect("one is held");
    assert!(job.running());
    assert_eq!(job.cancel(), Cancel::Signalled);
    gate.open();
    output(job);
}

#[test]
fn no_reference_to_the_work_or_its_output_outlives_the_job() {
    let pool = pool(1, 8);
    let argument = Arc::new(());
    let within = argument.clone();
    let job = start(&pool, move || Arc::downgrade(&within));
    let weak: Weak<()> = output(job);
    assert_eq!(weak.strong_count(), 1, "the closure is gone");
    let (sender, receiver) = channel::<()>();
    let job = start(&pool, move || sender);
    drop(output(job));
    receiver.recv().expect_err("the output is gone");
}

#[test]
fn map_gives_the_outcomes_in_the_order_of_the_input_and_goes_on_after_an_error() {
    let pool = pool(4, 4);
    let works = (0..50_u32).map(|number| {
        move || {
            assert!(number % 10 != 3, "not this one");
            number * 2
        }
    });
    let outcomes: Vec<_> = pool.map(works, count(8)).blocking().collect();
    assert_eq!(outcomes.len(), 50);
    for (number, outcome) in (0..50_u32).zip(outcomes) {
        match outcome {
            Ok(output) => assert_eq!(output, number * 2),
            Err(error) => assert!(number % 10 == 3 && matches!(error, JobError::Panicked(_)), "{error}"),
        }
    }
}

#[test]
fn callbacks_run_once_in_order_and_one_that_panics_does_not_stop_the_rest() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let mut held = gate.hold(&pool, 1);
    let job = held.pop().expect("one is held");
    let (sender, receiver) = channel();
    for number in 0..3 {
        let sender = sender.clone();
        job.on_done(move || {
            sender.send(number).expect("the test listens");
            assert!(number != 1, "this one panics");
        });
    }
    drop(sender);
    gate.open();
    output(job);
    assert!(receiver.iter().eq(0..3));
}

#[test]
fn a_map_that_is_dropped_cancels_what_has_not_started() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let held = gate.hold(&pool, 1);
    let works = std::iter::repeat_with(|| {
        let ran = ran.clone();
        move || ran.fetch_add(1, Ordering::Relaxed)
    });
    let mut map = pool.map(works, count(4));
    assert!(block_on_timeout(&mut map.next(), Duration::ZERO).is_none());
    assert_eq!(pool.stats().queued, 4, "of endless input it pulls so many");
    drop(map);
    assert_eq!(pool.stats().queued, 0);
    gate.open();
    held.into_iter().for_each(output);
    output(start(&pool, || ()));
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[test]
fn any_executor_of_boxed_closures_can_stand_in_its_place() {
    type Boxed = Box<dyn FnOnce() -> u32 + Send>;
    let executors: [Arc<dyn Executor<Boxed, Output = u32> + Send + Sync>; 1] = [Arc::new(pool(1, 8))];
    for executor in executors {
        let within = executor.clone();
        let work: Boxed = Box::new(move || {
            let inner: Boxed = Box::new(|| 41);
            within.try_submit(inner).expect("there is room").wait().expect("it has an output") + 1
        });
        assert_eq!(block_on(executor.run(work)).expect("it has an output"), 42);
    }
}
