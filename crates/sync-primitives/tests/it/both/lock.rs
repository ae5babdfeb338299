//! The lock: whose turn it is.

use super::Lock;
use crate::harness::{Hand, Tasks, Trace, panic_of, yield_now};

/// Locks, holds it for one turn, unlocks.
async fn user(name: &str, lock: &Lock<()>, trace: &Trace) {
    let _guard = lock.lock().await;
    trace.log(format_args!("{name}+"));
    yield_now().await;
    trace.log(format_args!("{name}-"));
}

#[test]
fn three_waiters_are_served_in_the_order_of_arrival_one_per_release() {
    let (lock, trace) = (Lock::new(()), Trace::default());
    let mut tasks = Tasks::default();
    for name in ["a", "b", "c", "d"] {
        tasks.spawn(user(name, &lock, &trace));
    }
    tasks.run();
    assert_eq!(trace.take(), "a+ a- b+ b- c+ c- d+ d-");
    assert!(!lock.locked());
}

#[test]
fn whoever_releases_and_locks_again_at_once_goes_behind_those_who_wait() {
    let (lock, trace) = (Lock::new(()), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        drop({
            let guard = lock.lock().await;
            yield_now().await;
            guard
        });
        assert!(lock.try_lock().is_none(), "it is the other's turn");
        let _guard = lock.lock().await;
        trace.log("again");
    });
    tasks.spawn(user("other", &lock, &trace));
    tasks.run();
    assert_eq!(trace.take(), "other+ other- again");
}

#[test]
fn a_waiter_cancelled_before_the_release_is_skipped() {
    let (lock, trace) = (Lock::new(()), Trace::default());
    let held = lock.try_lock().unwrap();
    let mut tasks = Tasks::default();
    let first = tasks.spawn(user("b", &lock, &trace));
    tasks.spawn(user("c", &lock, &trace));
    tasks.run();
    tasks.cancel(first);
    drop(held);
    tasks.run();
    assert_eq!(trace.take(), "c+ c-");
    assert!(!lock.locked());
}

#[test]
fn a_waiter_cancelled_after_the_release_passes_the_turn_on() {
    let (lock, trace) = (Lock::new(()), Trace::default());
    let held = lock.try_lock().unwrap();
    let mut tasks = Tasks::default();
    let first = tasks.spawn(user("b", &lock, &trace));
    tasks.spawn(user("c", &lock, &trace));
    tasks.run();
    drop(held);
    tasks.cancel(first);
    tasks.run();
    assert_eq!(trace.take(), "c+ c-");
    assert!(!lock.locked());
}

#[test]
fn a_turn_that_nobody_takes_leaves_the_lock_free() {
    let lock = Lock::new(());
    let held = lock.try_lock().unwrap();
    let waiting = Hand::waiting(lock.lock());
    drop(held);
    assert!(lock.locked(), "it was promised");
    drop(waiting);
    assert!(lock.try_lock().is_some());
}

#[test]
fn a_future_that_moves_to_another_task_wakes_that_task() {
    let lock = Lock::new(());
    let held = lock.try_lock().unwrap();
    let mut locking = lock.lock();
    let mut before = Hand::waiting(&mut locking);
    assert!(before.poll().is_none());
    drop(before);
    let mut after = Hand::waiting(&mut locking);
    drop(held);
    assert_eq!(after.wakes(), 1);
    assert!(after.poll().is_some());
}

#[test]
fn a_panic_releases_the_lock_and_leaves_the_data() {
    let lock = Lock::new(1);
    let message = panic_of(|| {
        let mut guard = lock.try_lock().unwrap();
        *guard = 2;
        panic!("while it was held");
    });
    assert_eq!(message, "while it was held");
    assert_eq!(*lock.try_lock().unwrap(), 2);
}

#[test]
fn the_data_may_be_unsized_and_is_reached_without_locking_by_its_owner() {
    let mut lock: Box<Lock<[u8]>> = Box::new(Lock::new([1, 2, 3]));
    lock.get_mut()[0] = 9;
    lock.try_lock().unwrap()[1] = 8;
    assert_eq!(format!("{lock:?}"), "Lock { data: [9, 8, 3] }");
    let lock = Lock::from(String::from("text"));
    let guard = lock.try_lock().unwrap();
    assert_eq!(format!("{lock:?} {guard:?} {guard}"), "Lock { data: <locked> } \"text\" text");
    drop(guard);
    assert_eq!(lock.into_inner(), "text");
}

#[test]
fn a_future_that_was_ready_says_so_when_it_is_polled_again() {
    let lock = Lock::new(());
    let mut locking = Hand::new(lock.lock());
    drop(locking.poll().unwrap());
    assert!(panic_of(|| locking.poll()).contains("polled again after it was ready"));
    drop(locking);
    assert!(!lock.locked());
}
