//! `ExecutorExt::map`: lazy, in order, bounded, and cancelled when it is dropped.

use crate::by_hand::{Alarm, ByHand, poll, poll_for, ready};
use contract::role::{self, Role, Waits};
use contract::{ExecutorExt, JobError, Reject};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Waker;
use std::time::Duration;

fn at_most(in_flight: usize) -> NonZeroUsize {
    NonZeroUsize::new(in_flight).expect("not zero")
}

#[test]
fn outcomes_come_in_the_order_of_the_input_also_if_a_later_one_is_done_first() {
    let executor = ByHand::new(9);
    let mut map = executor.map((0..3).map(|n| move || n * 10), at_most(3));
    assert!(poll(&mut map.next()).is_pending());
    for expected in [0, 10, 20] {
        while executor.run_next() {}
        assert_eq!(ready(&mut map.next()).unwrap().unwrap(), expected);
    }
    assert!(ready(&mut map.next()).is_none());
    assert!(ready(&mut map.next()).is_none());
}

#[test]
fn an_endless_input_is_pulled_only_as_far_as_the_bound() {
    let executor = ByHand::new(99);
    let pulled = AtomicUsize::new(0);
    let works = std::iter::repeat_with(|| {
        pulled.fetch_add(1, SeqCst);
        || ()
    });
    let mut map = executor.map(works, at_most(3));
    assert_eq!(pulled.load(SeqCst), 0);
    assert!(poll(&mut map.next()).is_pending());
    assert_eq!(pulled.load(SeqCst), 3);
    while executor.run_next() {}
    assert!(ready(&mut map.next()).unwrap().is_ok());
    assert_eq!(pulled.load(SeqCst), 3);
    assert!(ready(&mut map.next()).unwrap().is_ok());
    assert_eq!(pulled.load(SeqCst), 4);
}

#[test]
fn a_panic_is_the_outcome_of_its_own_work_only() {
    let executor = ByHand::new(9);
    let mut map = executor.map((0..3).map(|n| move || assert!(n != 1, "one is unlucky")), at_most(3));
    assert!(poll(&mut map.next()).is_pending());
    while executor.run_next() {}
    assert!(ready(&mut map.next()).unwrap().is_ok());
    assert!(matches!(ready(&mut map.next()).unwrap(), Err(JobError::Panicked(_))));
    assert!(ready(&mut map.next()).unwrap().is_ok());
}

#[test]
fn a_refusal_is_the_outcome_of_the_work_it_met() {
    let executor = ByHand::new(1);
    let mut map = executor.map((0..3).map(|n| move || n), at_most(2));
    assert!(poll(&mut map.next()).is_pending());
    executor.closed.store(true, SeqCst);
    executor.slots.close();
    while executor.run_next() {}
    assert_eq!(ready(&mut map.next()).unwrap().unwrap(), 0);
    for _ in 0..2 {
        assert!(matches!(ready(&mut map.next()).unwrap(), Err(JobError::Rejected(Reject::ShuttingDown))));
    }
    assert!(ready(&mut map.next()).is_none());
}

#[test]
fn a_map_goes_on_when_the_full_queue_has_room_again() {
    let executor = ByHand::new(1);
    let other = executor.try_submit(|| 99).unwrap();
    let (alarm, waker) = Alarm::new();
    let mut map = executor.map((0..2).map(|n| move || n), at_most(2));
    let mut next = map.next();
    assert!(poll_for(&mut next, &waker).is_pending());
    other.cancel();
    assert_eq!(alarm.count(), 1);
    assert!(poll_for(&mut next, &waker).is_pending());
    // The first is queued, the second waits for its place: each step wakes.
    assert!(executor.run_next());
    assert!(alarm.count() > 1);
    assert_eq!(ready(&mut next).unwrap().unwrap(), 0);
    drop(next);
    while executor.run_next() {}
    assert_eq!(ready(&mut map.next()).unwrap().unwrap(), 1);
    assert!(ready(&mut map.next()).is_none());
}

#[test]
fn a_map_that_nobody_looks_at_keeps_no_place_from_others() {
    let executor = ByHand::new(1);
    let mut map = executor.map((0..9).map(|n| move || n), at_most(2));
    assert!(poll(&mut map.next()).is_pending());
    // It has one job in the queue and waits for a second place; now it is left alone.
    assert!(executor.run_next());
    assert_eq!(executor.slots.free(), 1);
    assert!(executor.try_submit(|| 99).is_ok());
    assert_eq!(ready(&mut map.next()).unwrap().unwrap(), 0);
    assert!(executor.run_next());
    assert_eq!(executor.slots.free(), 1);
}

#[test]
fn a_map_that_is_dropped_cancels_what_is_in_flight() {
    let executor = ByHand::new(2);
    let ran = Arc::new(AtomicUsize::new(0));
    let works = (0..9).map(|_| {
        let ran = ran.clone();
        move || {
            ran.fetch_add(1, SeqCst);
        }
    });
    let mut map = executor.map(works, at_most(5));
    assert!(poll(&mut map.next()).is_pending());
    drop(map);
    assert_eq!(executor.slots.free(), 2);
    assert!(!executor.run_next());
    assert_eq!(ran.load(SeqCst), 0);
}

struct StoodInFor(Arc<ByHand>);

/// Somebody stands in, for one job each time.
impl Waits for StoodInFor {
    fn sleeps(&self, _: &Waker) -> Option<Duration> {
        self.0.run_next();
        None
    }

    fn goes_on(&self) {}
}

#[test]
fn a_blocking_map_is_an_iterator_also_over_a_queue_shorter_than_its_bound() {
    let executor = Arc::new(ByHand::new(1));
    let _role = role::enter(Role::Worker(Arc::new(StoodInFor(executor.clone()))));
    let map = executor.map((0..100).map(|n| move || n), at_most(4));
    let outcomes: Vec<i32> = map.blocking().map(Result::unwrap).collect();
    assert_eq!(outcomes, (0..100).collect::<Vec<_>>());
}
