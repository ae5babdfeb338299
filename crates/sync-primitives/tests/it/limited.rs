//! `Limited`: an executor with a bound is an executor again.

use crate::harness::{Hand, Tasks, in_bounded_time, poll_once};
use contract::{
    Drain, Executor, ExecutorExt, Job, JobError, Place, Reject, Rejected, Report, Room, Runnable, Shutdown,
    Slots, Submit,
};
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sync_primitives::{Limited, Semaphore};

/// An executor whose queue a test works off by hand.
struct Manual {
    slots: Slots,
    queue: Mutex<VecDeque<Runnable>>,
    closed: Mutex<bool>,
}

impl Manual {
    fn new(capacity: usize) -> Self {
        Self { slots: Slots::new(capacity), queue: Mutex::default(), closed: Mutex::new(false) }
    }

    fn take(&self) -> Runnable {
        self.queue.lock().unwrap().pop_front().expect("something is queued")
    }
}

impl<F: FnOnce() -> R + Send + 'static, R: Send + 'static> Executor<F> for Manual {
    type Output = R;

    fn try_submit_with(&self, work: F, mut options: Submit) -> Result<Job<R>, Rejected<F>> {
        if *self.closed.lock().unwrap() {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let Some(place) = self.slots.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let (runnable, job) = Job::package(work, &options, place, ());
        self.queue.lock().unwrap().push_back(runnable);
        Ok(job)
    }

    fn room(&self) -> Room {
        self.slots.room()
    }
}

impl Shutdown for Manual {
    fn shutdown(&self, _how: Drain, _grace: Duration) -> Report {
        *self.closed.lock().unwrap() = true;
        self.slots.close();
        let mut report = Report::default();
        report.cancelled = std::mem::take(&mut *self.queue.lock().unwrap()).len();
        report
    }
}

const ONE: NonZeroUsize = NonZeroUsize::MIN;

fn room<E: Executor<fn()>>(executor: &E) -> Room {
    executor.room()
}

#[test]
fn without_a_permit_the_work_comes_back_as_full() {
    let limited = Limited::new(Manual::new(9), ONE);
    let job = limited.try_submit(|| 1).unwrap();
    let rejected = limited.try_submit(|| 2).unwrap_err();
    assert!(matches!(rejected.why, Reject::Full));
    assert_eq!((rejected.into_work())(), 2);
    limited.executor().take().run();
    assert_eq!(poll_once(job).unwrap().unwrap(), 1);
    drop(limited.try_submit(|| 3).unwrap());
}

#[test]
fn the_permit_is_held_until_the_work_ends_also_when_the_job_is_dropped() {
    let limited = Limited::new(Manual::new(9), ONE);
    drop(limited.try_submit(|| ()).unwrap());
    let runnable = limited.executor().take();
    assert!(limited.semaphore().locked());
    runnable.run();
    assert!(!limited.semaphore().locked());
}

#[test]
fn the_permit_is_held_while_work_runs_on_after_its_deadline() {
    let limited = Limited::new(Manual::new(9), ONE);
    let semaphore = limited.semaphore().clone();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = Arc::new(Mutex::new(None::<contract::Watch>));
    let job = limited
        .try_submit({
            let (seen, watch, semaphore) = (seen.clone(), watch.clone(), semaphore.clone());
            move || {
                assert!(watch.lock().unwrap().take().unwrap().expire());
                seen.lock().unwrap().push(semaphore.locked());
            }
        })
        .unwrap();
    let runnable = limited.executor().take();
    *watch.lock().unwrap() = Some(runnable.watch());
    runnable.run();
    assert!(matches!(poll_once(job), Some(Err(JobError::Deadline { started: true }))));
    assert_eq!(*seen.lock().unwrap(), [true], "the job had its outcome, the work had not ended");
    assert!(!semaphore.locked());
}

#[test]
fn the_permit_comes_back_when_the_work_panics_is_cancelled_or_is_lost() {
    let limited = Limited::new(Manual::new(9), ONE);
    let job = limited.try_submit(|| panic!("on purpose")).unwrap();
    limited.executor().take().run();
    assert!(matches!(poll_once(job), Some(Err(JobError::Panicked(_)))));
    let job = limited.try_submit(|| ()).unwrap();
    job.cancel();
    assert!(!limited.semaphore().locked());
    drop(limited.executor().take());
    let job = limited.try_submit(|| ()).unwrap();
    drop(limited.executor().take());
    assert!(matches!(poll_once(job), Some(Err(JobError::Shutdown { started: false }))));
    assert!(!limited.semaphore().locked());
}

#[test]
fn a_refusal_of_the_executor_inside_gives_work_and_permit_back() {
    let limited = Limited::new(Manual::new(1), NonZeroUsize::new(2).unwrap());
    let _job = limited.try_submit(|| 1).unwrap();
    let rejected = limited.try_submit(|| 2).unwrap_err();
    assert!(matches!(rejected.why, Reject::Full));
    assert_eq!((rejected.into_work())(), 2);
    assert_eq!(limited.semaphore().available(), 1);
}

#[test]
fn submit_waits_for_the_permit_and_then_for_the_place_inside() {
    let limited = Limited::new(Manual::new(1), NonZeroUsize::new(2).unwrap());
    let _first = limited.try_submit(|| ()).unwrap();
    let mut second = Hand::waiting(limited.submit(|| ()));
    assert_eq!(limited.semaphore().available(), 0, "it has its permit and waits for the place");
    let mut third = Hand::waiting(limited.submit(|| ()));
    let first = limited.executor().take();
    first.run();
    let _second = second.poll().unwrap().unwrap();
    assert!(third.poll().is_none(), "it has a permit now, and no place yet");
    limited.executor().take().run();
    assert!(third.poll().unwrap().is_ok());
}

#[test]
fn whoever_waits_for_a_permit_is_not_overtaken() {
    let limited = Limited::new(Manual::new(9), ONE);
    let _first = limited.try_submit(|| ()).unwrap();
    let mut waiting = Hand::waiting(limited.submit(|| ()));
    limited.executor().take().run();
    assert!(matches!(limited.try_submit(|| ()).unwrap_err().why, Reject::Full));
    assert!(waiting.poll().unwrap().is_ok());
}

#[test]
fn a_place_that_is_given_up_gives_up_permit_and_place() {
    let limited = Limited::new(Manual::new(1), ONE);
    drop(poll_once(room(&limited)).unwrap());
    let place = poll_once(room(&limited)).unwrap();
    assert!(limited.semaphore().locked());
    assert_eq!(limited.executor().slots.free(), 0);
    drop(place);
    assert!(!limited.semaphore().locked());
    assert_eq!(limited.executor().slots.free(), 1);
    // Refused work gives up the place as well.
    let place = poll_once(room(&limited)).unwrap();
    limited.executor().shutdown(Drain::Queued, Duration::ZERO);
    assert!(limited.try_submit_with(|| (), Submit::new().place(place)).is_err());
    assert!(!limited.semaphore().locked());
}

#[test]
fn a_room_that_is_dropped_passes_its_permit_on() {
    let limited = Limited::new(Manual::new(9), ONE);
    let held = poll_once(room(&limited)).unwrap();
    let first = Hand::waiting(room(&limited));
    let mut second = Hand::waiting(room(&limited));
    drop(held);
    drop(first);
    assert!(second.poll().is_some());
}

#[test]
fn the_place_inside_that_was_waited_for_is_the_one_that_is_used() {
    let limited = Limited::new(Manual::new(1), ONE);
    let place = poll_once(room(&limited)).unwrap();
    let other = Hand::waiting(room(limited.executor()));
    assert!(limited.try_submit_with(|| (), Submit::new().place(place)).is_ok());
    assert_eq!(other.wakes(), 0, "it was not given up in between");
}

#[test]
fn a_place_inside_that_the_caller_brings_is_used_inside() {
    let limited = Limited::new(Manual::new(1), ONE);
    let place = poll_once(room(limited.executor())).unwrap();
    assert!(limited.try_submit_with(|| (), Submit::new().place(place)).is_ok());
    let unused = Limited::new(Manual::new(1), ONE);
    assert!(unused.try_submit_with(|| (), Submit::new().place(Place::none())).is_ok());
}

#[test]
fn a_limited_executor_can_be_limited_again() {
    let outer = Limited::new(Limited::new(Manual::new(9), ONE), NonZeroUsize::new(2).unwrap());
    let place = poll_once(room(&outer)).unwrap();
    let job = outer.try_submit_with(|| 1, Submit::new().place(place)).unwrap();
    assert!(outer.executor().semaphore().locked());
    assert_eq!(outer.semaphore().available(), 1);
    outer.executor().executor().take().run();
    assert_eq!(poll_once(job).unwrap().unwrap(), 1);
    // A place of the inner one goes through to it.
    let place = poll_once(room(outer.executor())).unwrap();
    assert!(outer.try_submit_with(|| (), Submit::new().place(place)).is_ok());
    assert_eq!(outer.semaphore().available(), 1);
}

#[test]
fn two_executors_can_share_one_semaphore() {
    let semaphore = Arc::new(Semaphore::new(1));
    let first = Limited::sharing(Manual::new(9), semaphore.clone());
    let second = Limited::sharing(Manual::new(9), semaphore);
    let _job = first.try_submit(|| ()).unwrap();
    let mut waiting = Hand::waiting(second.submit(|| ()));
    first.executor().take().run();
    assert!(waiting.poll().unwrap().is_ok());
}

#[test]
fn a_shutdown_reaches_the_executor_inside_and_refuses_those_who_wait_for_a_permit() {
    let limited = Limited::new(Manual::new(9), ONE);
    let stuck = limited.try_submit(|| ()).unwrap();
    let running = limited.executor().take();
    let mut waiting = Hand::waiting(limited.submit(|| 7));
    let report = Shutdown::shutdown(&limited, Drain::Started, Duration::ZERO);
    assert!(report.is_clean());
    let rejected = waiting.poll().expect("it does not wait for a permit that may never come").unwrap_err();
    assert!(matches!(rejected.why, Reject::ShuttingDown));
    assert_eq!((rejected.into_work())(), 7);
    assert!(matches!(limited.try_submit(|| ()).unwrap_err().why, Reject::ShuttingDown));
    running.run();
    assert!(poll_once(stuck).unwrap().is_ok());
}

#[test]
fn it_is_an_executor_also_as_dyn_and_from_generic_code_that_must_be_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    fn anywhere<W: Send, E: Executor<W> + Sync>(
        executor: &E,
        work: W,
    ) -> impl Future<Output = Result<E::Output, JobError>> + Send
    where
        E::Output: Send,
    {
        send(executor.run(work))
    }
    let limited = Limited::new(Manual::new(9), ONE);
    let mut running = Hand::waiting(anywhere(&limited, || 5));
    limited.executor().take().run();
    assert_eq!(running.poll().unwrap().unwrap(), 5);
    drop(running);
    let boxed: Box<dyn Executor<fn() -> u32, Output = u32> + Send + Sync> = Box::new(limited);
    assert!(boxed.try_submit(|| 6).is_ok());
}

#[test]
fn map_over_a_limited_executor_never_has_more_in_flight_than_permits() {
    in_bounded_time(|| {
        struct ThreadPerJob;
        impl<F: FnOnce() -> R + Send + 'static, R: Send + 'static> Executor<F> for ThreadPerJob {
            type Output = R;
            fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<R>, Rejected<F>> {
                let (runnable, job) = Job::package(work, &options, Place::none(), ());
                std::thread::spawn(move || runnable.run());
                Ok(job)
            }
            fn room(&self) -> Room {
                Room::unbounded()
            }
        }
        let running = Arc::new(AtomicUsize::new(0));
        let limited = Limited::new(ThreadPerJob, NonZeroUsize::new(2).unwrap());
        let works = (0..100).map(|number| {
            let running = running.clone();
            move || {
                let before = running.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                (number, before < 2)
            }
        });
        let outcomes = limited
            .map(works, NonZeroUsize::new(8).unwrap())
            .blocking()
            .map(Result::unwrap)
            .collect::<Vec<_>>();
        assert_eq!(outcomes, (0..100).map(|number| (number, true)).collect::<Vec<_>>());
        assert_eq!(limited.semaphore().available(), 2);
    });
}

#[test]
fn jobs_of_many_tasks_start_in_the_order_in_which_they_were_submitted() {
    let limited = Limited::new(Manual::new(9), ONE);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Tasks::default();
    for number in 0..4 {
        let (limited, order) = (&limited, order.clone());
        tasks.spawn(async move { limited.run(move || order.lock().unwrap().push(number)).await.unwrap() });
    }
    tasks.run();
    while tasks.left() > 0 {
        limited.executor().take().run();
        tasks.run();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
}
