//! What should not be done, and what happens then.

use crate::harness::{Hand, in_bounded_time, panic_of, poll_once};
use std::thread;
use std::time::Duration;
use sync_primitives::{
    AcquireError, Barrier, BoundedSemaphore, CapacityLimiter, Lock, Queue, QueueShutDown, Semaphore,
};

#[test]
fn a_guard_that_is_sent_releases_its_lock_where_it_is_dropped() {
    let lock = Lock::new(1);
    let guard = lock.lock_blocking();
    thread::scope(|scope| {
        let waits = scope.spawn(|| *lock.lock_blocking());
        scope.spawn(move || {
            let mut guard = guard;
            *guard += 1;
        });
        assert_eq!(waits.join().unwrap(), 2);
    });
}

#[test]
fn a_guard_that_is_forgotten_keeps_its_lock_and_whoever_waits_can_give_up() {
    let lock = Lock::new(());
    std::mem::forget(lock.lock_blocking());
    let waiting = Hand::waiting(lock.lock());
    assert!(lock.locked() && lock.try_lock().is_none());
    assert!(lock.lock_timeout(Duration::from_millis(1)).is_none());
    drop(waiting);
    assert_eq!(format!("{lock:?}"), "Lock { data: <locked> }");
    lock.into_inner();
}

#[test]
fn a_permit_that_is_forgotten_by_the_language_is_gone_as_one_that_was_forgotten_by_name() {
    let semaphore = Semaphore::new(1);
    std::mem::forget(semaphore.try_acquire());
    assert_eq!(semaphore.available(), 0);
    semaphore.release();
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn a_semaphore_of_no_permits_waits_for_a_release_and_a_bounded_one_refuses() {
    let semaphore = Semaphore::new(0);
    let mut waiting = Hand::waiting(semaphore.acquire());
    assert!(semaphore.locked() && semaphore.try_acquire().is_none());
    semaphore.release();
    assert!(waiting.poll().is_some());
    let refusal = AcquireError::AboveBound { count: 1, bound: 0 };
    assert_eq!(poll_once(BoundedSemaphore::new(0).acquire()).unwrap().unwrap_err(), refusal);
    assert!(poll_once(CapacityLimiter::new(0).acquire()).is_none());
}

#[test]
fn no_permits_at_all_are_taken_in_turn_and_give_nothing_back() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire();
    let first = Hand::waiting(semaphore.acquire());
    let mut none = Hand::waiting(semaphore.acquire_many(0));
    drop(held);
    drop(first);
    assert_eq!(none.poll().unwrap().count(), 0);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn more_permits_than_there_will_be_wait_where_they_may_come_and_are_refused_where_not() {
    let semaphore = Semaphore::new(2);
    let mut all = Hand::waiting(semaphore.acquire_many(u32::MAX));
    assert!(semaphore.try_acquire_many(u32::MAX).is_none());
    assert!(Hand::new(semaphore.acquire()).poll().is_none(), "nobody overtakes it");
    (2..5).for_each(|_| semaphore.release());
    assert!(all.poll().is_none());
    drop(all);
    assert_eq!(semaphore.available(), 5);
    let bounded = BoundedSemaphore::new(2);
    let refused = poll_once(bounded.acquire_many(3)).unwrap();
    assert_eq!(refused.unwrap_err(), AcquireError::AboveBound { count: 3, bound: 2 });
}

#[test]
fn what_cannot_be_counted_or_passed_is_refused_where_it_is_made() {
    assert!(panic_of(|| Semaphore::new(usize::MAX)).contains("at most usize::MAX / 4 permits"));
    assert!(panic_of(|| BoundedSemaphore::new(usize::MAX)).contains("at most usize::MAX / 4 permits"));
    assert!(panic_of(|| CapacityLimiter::new(usize::MAX)).contains("at most usize::MAX / 4 permits"));
    assert!(panic_of(|| Barrier::new(0)).contains("never complete"));
}

#[test]
fn a_release_too_often_is_an_error_of_the_bounded_one_and_a_permit_more_of_the_other() {
    let (semaphore, bounded) = (Semaphore::new(1), BoundedSemaphore::new(1));
    semaphore.release();
    assert_eq!(semaphore.available(), 2);
    let error = bounded.release(1).unwrap_err();
    assert!(error.to_string().contains("a permit that is dropped comes back by itself"), "{error}");
    assert_eq!(bounded.available(), 1);
}

#[test]
fn a_get_on_a_queue_that_was_shut_down_ends_drained_or_not_in_every_form() {
    for immediate in [false, true] {
        let queue = Queue::bounded(0);
        queue.put_nowait(1).unwrap();
        let given_back = queue.shutdown(immediate);
        assert_eq!(given_back.len(), usize::from(immediate));
        if !immediate {
            assert_eq!(poll_once(queue.get()), Some(Ok(1)));
        }
        assert_eq!(poll_once(queue.get()), Some(Err(QueueShutDown(()))));
        assert!(queue.get_nowait().is_err() && queue.get_blocking().is_err());
        assert!(queue.get_timeout(Duration::MAX).is_err());
        assert_eq!(queue.items().blocking().count(), 0);
    }
}

#[test]
fn a_lock_that_is_held_across_an_await_without_an_end_stops_only_those_who_want_it() {
    in_bounded_time(|| {
        let lock = Lock::new(());
        let mut holder = Hand::waiting(async {
            let _guard = lock.lock().await;
            std::future::pending::<()>().await;
        });
        assert!(lock.lock_timeout(Duration::from_millis(1)).is_none());
        assert!(holder.poll().is_none() && lock.locked());
        drop(holder);
        assert!(lock.try_lock().is_some(), "the holder's drop ends it");
    });
}
