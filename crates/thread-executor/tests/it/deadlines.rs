//! Deadlines, of jobs that wait and of jobs that run.

use crate::gate::Gate;
use crate::{LONG, error, output, pool, start};
use contract::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use thread_executor::{Drain, Executor, JobError, Reject, Shutdown, Stop, Submit, ThreadPool, checkpoint};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn a_queued_job_is_withdrawn_at_its_deadline_although_every_thread_is_held() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let ran = Arc::new(AtomicBool::new(false));
    let within = ran.clone();
    let late = pool
        .try_submit_with(move || within.store(true, Ordering::Relaxed), Submit::new().deadline(SHORT))
        .expect("there is room");
    assert!(matches!(error(late), JobError::Deadline { started: false }));
    // Its place is free again.
    let next = start(&pool, || 7);
    gate.open();
    assert_eq!(output(next), 7);
    held.into_iter().for_each(output);
    assert!(!ran.load(Ordering::Relaxed));
    let stats = pool.stats();
    assert_eq!((stats.expired, stats.cancelled, stats.completed), (1, 1, 2));
}

#[test]
fn a_running_job_is_over_at_its_deadline_while_its_work_runs_on() {
    let pool = pool(1, 1);
    let mut gate = Gate::new();
    // On a busy machine the deadline may come before the start: then once more, with more time.
    let (mut deadline, mut withdrawn) = (SHORT, 0);
    let receiver = loop {
        let late =
            pool.try_submit_with(gate.work(), Submit::new().deadline(deadline)).expect("there is room");
        let (sender, receiver) = channel::<()>();
        late.attach(sender);
        match error(late) {
            JobError::Deadline { started: true } => break receiver,
            JobError::Deadline { started: false } => {}
            other => panic!("{other:?}"),
        }
        withdrawn += 1;
        deadline *= 2;
    };
    gate.wait_for_one();
    assert_eq!(pool.stats().running, 1, "the work runs on");
    gate.open();
    receiver.recv_timeout(LONG).expect_err("the guard is dropped when the work has really ended");
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled, stats.expired), (1, withdrawn, withdrawn + 1));
}

#[test]
fn a_deadline_of_zero_is_refused() {
    let pool = pool(1, 1);
    let rejected =
        pool.try_submit_with(|| "kept", Submit::new().deadline(Duration::ZERO)).expect_err("it is too late");
    assert!(matches!(rejected.why, Reject::DeadlinePassed), "{}", rejected.why);
    assert_eq!((rejected.into_work())(), "kept");
}

#[test]
fn a_job_in_time_keeps_its_output() {
    let pool = pool(2, 8);
    for deadline in [LONG, Duration::MAX] {
        let job = pool.try_submit_with(|| 7, Submit::new().deadline(deadline)).expect("there is room");
        assert_eq!(output(job), 7);
    }
    assert_eq!(pool.stats().expired, 0);
}

#[test]
fn an_earlier_deadline_does_not_wait_for_a_later_one() {
    let pool = pool(1, 2);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let begin = Instant::now();
    let later = pool.try_submit_with(|| (), Submit::new().deadline(LONG * 10)).expect("there is room");
    let earlier = pool.try_submit_with(|| (), Submit::new().deadline(SHORT)).expect("there is room");
    assert!(matches!(error(earlier), JobError::Deadline { started: false }));
    assert!(begin.elapsed() < LONG);
    gate.open();
    held.into_iter().for_each(output);
    output(later);
}

/// Closes its pool when it is dropped.
struct Closes(ThreadPool);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.shutdown(Drain::Queued, Duration::ZERO);
    }
}

#[test]
fn a_deadline_holds_also_for_a_job_whose_submission_was_overtaken_by_a_close() {
    let pool = pool(1, 1);
    let (tells, told) = channel();
    // A place that is not one of this pool is given up in the middle of the submission.
    let options = Submit::new().deadline(SHORT).place(Place::new(Closes(pool.clone())));
    let work = move || {
        let begin = Instant::now();
        while checkpoint().is_ok() && begin.elapsed() < LONG {
            std::thread::yield_now();
        }
        tells.send(checkpoint()).expect("the test listens");
    };
    let job = pool.try_submit_with(work, options).expect("it was open, and there is room");
    match error(job) {
        JobError::Deadline { started: true } => assert_eq!(told.recv_timeout(LONG), Ok(Err(Stop::Deadline))),
        JobError::Deadline { started: false } => {}
        other => panic!("{other}"),
    }
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
}
