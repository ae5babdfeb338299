//! The lock: whose turn it is.

use crate::harness::{Hand, Tasks, Trace, panic_of, panic_on_a_loop, poll_once, yield_now};
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::Lock;

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
        let mut guard = lock.lock_blocking();
        *guard = 2;
        panic!("while it was held");
    });
    assert_eq!(message, "while it was held");
    assert_eq!(*lock.try_lock().unwrap(), 2);
}

#[test]
fn an_owned_guard_outlives_its_lock_and_goes_to_another_thread() {
    let lock = Arc::new(Lock::new(vec![1]));
    let mut guard = poll_once(lock.lock_owned()).unwrap();
    assert!(lock.try_lock_owned().is_none());
    let waiting = lock.lock_owned();
    drop(lock);
    std::thread::spawn(move || guard.push(2)).join().unwrap();
    assert_eq!(*contract::block_on(waiting), [1, 2]);
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
fn a_blocking_lock_ends_at_its_deadline_and_leaves_the_line() {
    let lock = Lock::new(());
    let held = lock.lock_blocking();
    assert!(lock.lock_timeout(Duration::from_millis(1)).is_none());
    drop(held);
    assert!(lock.lock_timeout(Duration::ZERO).is_some(), "what is free needs no time");
}

#[test]
fn blocking_on_a_loops_thread_panics_and_names_the_cure_also_when_the_lock_is_free() {
    let lock = Lock::new(());
    assert!(panic_on_a_loop(|| lock.lock_blocking()).contains("`.await` it instead"));
    assert!(panic_on_a_loop(|| lock.lock_timeout(Duration::ZERO)).contains("`.await` it instead"));
    assert!(lock.try_lock().is_some(), "trying never blocks");
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
