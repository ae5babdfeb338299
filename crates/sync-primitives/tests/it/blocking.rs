//! The forms that block a thread.

use crate::harness::{panic_on_a_loop, poll_once};
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::{Event, GetError, LifoQueue, Lock, PutError, Queue, QueueShutDown, Semaphore};

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
fn a_blocking_wait_ends_at_its_deadline_and_refuses_to_block_a_loop() {
    let event = Event::new();
    assert!(!event.wait_timeout(Duration::from_millis(1)));
    event.set();
    assert!(event.wait_timeout(Duration::ZERO));
    event.wait_blocking();
    assert!(panic_on_a_loop(|| event.wait_blocking()).contains("`.await` it instead"));
    assert_eq!(format!("{event:?}"), "Event { set: true, .. }");
}

#[test]
fn a_blocking_acquire_ends_at_its_deadline_and_refuses_to_block_a_loop() {
    let semaphore = Semaphore::new(0);
    assert!(semaphore.acquire_timeout(Duration::from_millis(1)).is_none());
    semaphore.release();
    assert!(panic_on_a_loop(|| semaphore.acquire_blocking()).contains("`.await` it instead"));
    drop(semaphore.acquire_blocking());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn blocking_forms_end_at_their_deadline_and_refuse_to_block_a_loop() {
    let (queue, short) = (Queue::bounded(1), Duration::from_millis(1));
    assert_eq!(queue.get_timeout(short), Err(GetError::Empty));
    assert_eq!(queue.put_timeout(1, short), Ok(()));
    assert_eq!(queue.put_timeout(2, short), Err(PutError::Full(2)));
    assert_eq!(queue.get_timeout(short), Ok(1), "the put that gave up put nothing");
    assert_eq!(queue.put_blocking(3), Ok(()));
    assert_eq!(queue.get_blocking(), Ok(3));
    let cure = "`.await` it instead";
    assert!(panic_on_a_loop(|| queue.put_blocking(4)).contains(cure));
    assert!(panic_on_a_loop(|| queue.get_blocking()).contains(cure));
    assert!(panic_on_a_loop(|| queue.join_blocking()).contains(cure));
    queue.shutdown(false);
    assert_eq!(queue.put_blocking(5), Err(QueueShutDown(5)));
    assert_eq!(queue.put_timeout(6, short), Err(PutError::ShutDown(6)));
    assert_eq!(queue.get_timeout(short), Err(GetError::ShutDown));
}

#[test]
fn a_thread_gets_all_items_in_a_for_loop() {
    let queue = LifoQueue::unbounded();
    (0..3).for_each(|item| queue.put_nowait(item).unwrap());
    queue.shutdown(false);
    assert_eq!(queue.items().blocking().collect::<Vec<_>>(), [2, 1, 0]);
}
