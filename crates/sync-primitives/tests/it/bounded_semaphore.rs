//! The bounded semaphore: what comes back too often, what is too much, and how it is closed.

use crate::harness::{Hand, panic_on_a_loop, poll_once};
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::{AcquireError, BoundedSemaphore, ReleaseError};

#[test]
fn a_release_of_what_was_not_forgotten_is_an_error_and_changes_nothing() {
    let semaphore = BoundedSemaphore::new(2);
    assert_eq!(semaphore.release(1), Err(ReleaseError));
    let held = semaphore.try_acquire().unwrap();
    assert_eq!(semaphore.release(1), Err(ReleaseError), "its guard brings it back");
    assert_eq!(semaphore.available(), 1);
    held.forget();
    assert_eq!(semaphore.release(2), Err(ReleaseError));
    assert_eq!(semaphore.release(1), Ok(()));
    assert_eq!((semaphore.release(1), semaphore.available()), (Err(ReleaseError), 2));
    assert_eq!(
        ReleaseError.to_string(),
        "release() of more permits than were forgotten; a permit that is dropped comes back by itself"
    );
}

#[test]
fn more_than_the_bound_is_refused_at_once() {
    let semaphore = Arc::new(BoundedSemaphore::new(2));
    let error = AcquireError::AboveBound { count: 3, bound: 2 };
    assert_eq!(semaphore.try_acquire_many(3).unwrap_err(), error);
    assert_eq!(poll_once(semaphore.acquire_many(3)).unwrap().unwrap_err(), error);
    assert_eq!(poll_once(semaphore.acquire_many_owned(3)).unwrap().unwrap_err(), error);
    assert_eq!(error.to_string(), "3 permits were asked for, and there are 2; ask for fewer at a time");
    let none = BoundedSemaphore::new(0);
    assert_eq!(none.acquire_blocking().unwrap_err(), AcquireError::AboveBound { count: 1, bound: 0 });
    assert_eq!(semaphore.try_acquire_many(2).unwrap().count(), 2);
}

#[test]
fn many_are_taken_at_once_and_in_turn() {
    let semaphore = BoundedSemaphore::new(3);
    let (one, two) = (semaphore.try_acquire().unwrap(), semaphore.try_acquire_many(2).unwrap());
    let mut many = Hand::waiting(semaphore.acquire_many(2));
    let mut behind = Hand::waiting(semaphore.acquire());
    drop(one);
    assert_eq!((many.wakes(), behind.wakes()), (0, 0), "one is not enough, and nobody overtakes");
    assert_eq!((semaphore.available(), semaphore.locked()), (1, true));
    assert_eq!(semaphore.try_acquire().unwrap_err(), AcquireError::Locked);
    drop(two);
    assert_eq!((many.wakes(), behind.wakes()), (1, 1));
    assert!(many.poll().unwrap().is_ok() && behind.poll().unwrap().is_ok());
    assert_eq!(semaphore.available(), 3);
}

#[test]
fn a_big_request_that_is_dropped_lets_the_small_one_behind_it_go_on() {
    let semaphore = BoundedSemaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let big = Hand::waiting(semaphore.acquire_many(2));
    let mut small = Hand::waiting(semaphore.acquire());
    drop(big);
    assert!(small.poll().unwrap().is_ok());
    drop(held);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_close_refuses_those_who_wait_and_those_who_come_and_leaves_what_is_held_valid() {
    let semaphore = BoundedSemaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let mut waits = [(); 2].map(|()| Hand::waiting(semaphore.acquire()));
    semaphore.close();
    for wait in &mut waits {
        assert_eq!(wait.wakes(), 1);
        assert_eq!(wait.poll().unwrap().unwrap_err(), AcquireError::Closed);
    }
    drop(held);
    assert_eq!((semaphore.available(), semaphore.is_closed(), semaphore.locked()), (1, true, true));
    assert_eq!(semaphore.try_acquire().unwrap_err(), AcquireError::Closed);
    assert_eq!(semaphore.acquire_blocking().unwrap_err(), AcquireError::Closed);
    semaphore.close();
}

#[test]
fn one_who_was_called_before_a_close_still_comes() {
    let semaphore = BoundedSemaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let mut called = Hand::waiting(semaphore.acquire());
    drop(held);
    semaphore.close();
    assert!(called.poll().unwrap().is_ok());
}

#[test]
fn a_thread_waits_for_a_permit_until_its_deadline() {
    let semaphore = BoundedSemaphore::new(1);
    let held = semaphore.acquire_timeout(Duration::ZERO).unwrap();
    assert_eq!(semaphore.acquire_timeout(Duration::from_millis(1)).unwrap_err(), AcquireError::Locked);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| semaphore.acquire_timeout(Duration::MAX).is_ok());
        drop(held);
        assert!(waits.join().unwrap());
    });
    let message = panic_on_a_loop(|| semaphore.acquire_blocking().is_ok());
    assert!(message.contains("`.await` it instead"), "{message}");
}
