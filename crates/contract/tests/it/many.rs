//! Many jobs at once: `as_completed` and `wait`.

use crate::by_hand::{Alarm, poll, poll_for, ready};
use contract::{Job, JobError, Place, Promise, Submit, When, as_completed, wait};
use std::sync::Arc;
use std::task::{Wake, Waker};

fn jobs(count: usize) -> (Vec<Option<Promise<usize>>>, Vec<Job<usize>>) {
    (0..count)
        .map(|_| {
            let (promise, job) = Job::promise(&Submit::new(), Place::none(), ());
            (Some(promise), job)
        })
        .unzip()
}

fn finish(promises: &mut [Option<Promise<usize>>], index: usize) {
    promises[index].take().expect("it is finished once").finish(Ok(index * 10));
}

#[test]
fn outcomes_come_in_the_order_of_completion_each_with_its_position() {
    let (mut promises, jobs) = jobs(4);
    finish(&mut promises, 2);
    let mut completed = as_completed(jobs);
    for index in [3, 0] {
        finish(&mut promises, index);
    }
    drop(promises);
    for expected in [2, 3, 0] {
        let (index, outcome) = ready(&mut completed.next()).unwrap();
        assert_eq!((index, outcome.unwrap()), (expected, expected * 10));
    }
    let (index, outcome) = ready(&mut completed.next()).unwrap();
    assert!(matches!((index, outcome), (1, Err(JobError::Shutdown { started: false }))));
    assert!(ready(&mut completed.next()).is_none());
}

#[test]
fn no_jobs_are_completed_at_once() {
    assert!(ready(&mut as_completed(Vec::<Job<()>>::new()).next()).is_none());
    assert!(ready(&mut wait(&[] as &[Job<()>], When::FirstCompleted)).is_empty());
    assert!(ready(&mut wait(&[] as &[Job<()>], When::FirstFailed)).is_empty());
    assert!(ready(&mut wait(&[] as &[Job<()>], When::All)).is_empty());
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("in a waker"));
    }
}

#[test]
fn a_waker_that_panics_at_one_completion_loses_none_of_them() {
    let (mut promises, jobs) = jobs(3);
    let mut completed = as_completed(jobs);
    for index in 0..3 {
        assert!(poll_for(&mut completed.next(), &Waker::from(Arc::new(Panics))).is_pending());
        finish(&mut promises, index);
        assert_eq!(ready(&mut completed.next()).map(|(position, _)| position), Some(index));
    }
    let (mut promises, jobs) = self::jobs(2);
    let mut all = wait(&jobs, When::All);
    assert!(poll_for(&mut all, &Waker::from(Arc::new(Panics))).is_pending());
    finish(&mut promises, 1);
    finish(&mut promises, 0);
    assert_eq!(ready(&mut all), [0, 1]);
}

#[test]
fn whoever_waits_for_the_next_completion_is_woken_where_it_was_polled_last() {
    let (mut promises, jobs) = jobs(2);
    let mut completed = as_completed(jobs);
    let (old, old_waker) = Alarm::new();
    let (new, new_waker) = Alarm::new();
    assert!(poll_for(&mut completed.next(), &old_waker).is_pending());
    assert!(poll_for(&mut completed.next(), &new_waker).is_pending());
    finish(&mut promises, 1);
    finish(&mut promises, 0);
    assert_eq!((old.count(), new.count()), (0, 1));
    assert_eq!(ready(&mut completed.next()).unwrap().0, 1);
    assert_eq!(ready(&mut completed.next()).unwrap().0, 0);
}

#[test]
fn as_completed_that_is_dropped_detaches_its_jobs_and_keeps_no_task_alive() {
    let (promises, jobs) = jobs(2);
    let mut completed = as_completed(jobs);
    let (alarm, waker) = Alarm::new();
    assert!(poll_for(&mut completed.next(), &waker).is_pending());
    drop(waker);
    drop(completed);
    assert_eq!(Arc::strong_count(&alarm), 1);
    assert!(promises.iter().flatten().all(Promise::is_queued));
    drop(promises);
    assert_eq!(alarm.count(), 0);
}

#[test]
fn wait_for_the_first_completed_gives_all_that_are_done_in_the_order_of_the_jobs() {
    let (mut promises, jobs) = jobs(4);
    let (alarm, waker) = Alarm::new();
    let mut waiting = wait(&jobs, When::FirstCompleted);
    assert!(poll_for(&mut waiting, &waker).is_pending());
    finish(&mut promises, 3);
    assert_eq!(alarm.count(), 1);
    finish(&mut promises, 1);
    assert_eq!(ready(&mut waiting), [1, 3]);
    drop(waiting);
    assert_eq!(jobs.into_iter().nth(3).unwrap().wait().unwrap(), 30);
}

#[test]
fn wait_for_the_first_failed_goes_on_over_successes_and_ends_when_all_are_done() {
    let (mut promises, first_jobs) = jobs(3);
    let mut waiting = wait(&first_jobs, When::FirstFailed);
    finish(&mut promises, 0);
    assert!(poll(&mut waiting).is_pending());
    first_jobs[2].cancel();
    assert_eq!(ready(&mut waiting), [0, 2]);

    let (mut promises, jobs) = jobs(2);
    let mut waiting = wait(&jobs, When::FirstFailed);
    finish(&mut promises, 0);
    assert!(poll(&mut waiting).is_pending());
    finish(&mut promises, 1);
    assert_eq!(ready(&mut waiting), [0, 1]);
}

#[test]
fn wait_for_all_ends_when_the_last_is_done() {
    let (mut promises, jobs) = jobs(3);
    let (alarm, waker) = Alarm::new();
    let mut waiting = wait(&jobs, When::All);
    for (left, index) in [(2, 1), (1, 2), (0, 0)] {
        assert!(poll_for(&mut waiting, &waker).is_pending());
        finish(&mut promises, index);
        assert_eq!(alarm.count(), 3 - left);
    }
    assert_eq!(ready(&mut waiting), [0, 1, 2]);
}

#[test]
fn a_failure_that_was_taken_before_still_counts_for_wait() {
    let (promises, mut jobs) = jobs(2);
    jobs[0].cancel();
    assert!(ready(&mut jobs[0]).is_err());
    assert_eq!(ready(&mut wait(&jobs, When::FirstFailed)), [0]);
    drop(promises);
}

#[test]
fn a_wait_that_is_dropped_leaves_no_callback_and_no_waker_behind() {
    let (mut promises, jobs) = jobs(2);
    let (alarm, waker) = Alarm::new();
    for when in [When::All, When::FirstCompleted, When::FirstFailed] {
        assert!(poll_for(&mut wait(&jobs, when), &waker).is_pending());
    }
    drop(waker);
    assert_eq!(Arc::strong_count(&alarm), 1);
    finish(&mut promises, 0);
    finish(&mut promises, 1);
    assert_eq!(alarm.count(), 0);
}
