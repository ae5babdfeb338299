//! Wakers that panic, and wakers that use the very primitive that wakes or drops them.

use super::{Event, Lock, Owner, Queue, Semaphore};
use crate::foreign::{Acting, When, wait};
use crate::harness::{Hand, poll_once};

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken_and_its_own_turn_passes_on() {
    let _panics = Acting::new(|| panic!("a bad waker"));
    let event = Event::new();
    let (_bad, good) = (wait(event.wait(), When::Woken), Hand::waiting(event.wait()));
    event.set();
    assert_eq!(good.wakes(), 1);

    let lock = Lock::new(());
    let held = lock.try_lock().unwrap();
    let (bad, mut good) = (wait(lock.lock(), When::Woken), Hand::waiting(lock.lock()));
    drop(held);
    drop(bad);
    assert!(good.poll().is_some());

    let semaphore = Semaphore::new(0);
    let (_bad, mut good) = (wait(semaphore.acquire(), When::Woken), Hand::waiting(semaphore.acquire()));
    semaphore.release();
    semaphore.release();
    assert!(good.poll().is_some());

    let queue = Queue::bounded(2);
    let (bad, good) = (wait(queue.get(), When::Woken), Hand::waiting(queue.get()));
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    assert_eq!(good.wakes(), 1);
    let (mut put, mut joined) = (wait(queue.put(3), When::Woken), wait(queue.join(), When::Woken));
    drop(bad);
    assert_eq!(queue.shutdown(true), [1, 2]);
    assert!(poll_once(&mut put).unwrap().is_err() && poll_once(&mut joined).is_some());
}

#[test]
fn a_waker_may_use_the_event_that_wakes_or_drops_it() {
    for when in [When::Woken, When::Dropped] {
        let event = Owner::new(Event::new());
        let _uses = Acting::new({
            let event = event.clone();
            move || {
                event.clear();
                assert!(!event.is_set());
                drop(Hand::waiting(event.wait()));
            }
        });
        let waiting = wait(event.wait(), when);
        event.set();
        drop(waiting);
        assert!(!event.is_set());
        drop(wait(event.wait(), when));
    }
}

#[test]
fn a_waker_may_use_the_lock_that_wakes_or_drops_it() {
    for when in [When::Woken, When::Dropped] {
        let lock = Owner::new(Lock::new(0));
        let _uses = Acting::new({
            let lock = lock.clone();
            move || drop((lock.try_lock(), poll_once(lock.lock()), lock.locked()))
        });
        let held = lock.try_lock().unwrap();
        let mut waiting = wait(lock.lock(), when);
        drop(held);
        assert!(poll_once(&mut waiting).is_some());
        let held = lock.try_lock().unwrap();
        drop(wait(lock.lock(), when));
        // Replaces the waker of the first poll.
        let again = wait(wait(lock.lock(), when), when);
        drop((held, again));
        assert!(!lock.locked());
    }
}

#[test]
fn a_waker_may_use_the_semaphore_that_wakes_or_drops_it() {
    for when in [When::Woken, When::Dropped] {
        let semaphore = Owner::new(Semaphore::new(0));
        let _uses = Acting::new({
            let semaphore = semaphore.clone();
            move || {
                drop((semaphore.try_acquire(), poll_once(semaphore.acquire_many(2)), semaphore.available()))
            }
        });
        let mut waiting = wait(semaphore.acquire(), when);
        semaphore.release();
        assert!(poll_once(&mut waiting).is_some());
        drop(wait(semaphore.acquire_many(2), when));
        assert_eq!(semaphore.available(), 1);
    }
}

#[test]
fn a_waker_may_use_the_queue_that_wakes_or_drops_it() {
    for when in [When::Woken, When::Dropped] {
        let queue = Owner::new(Queue::bounded(1));
        let _uses = Acting::new({
            let queue = queue.clone();
            // It steals what the waiter was woken for, and gives it back, which counts as one more item.
            move || {
                if let Ok(item) = queue.get_nowait() {
                    queue.put_nowait(item).unwrap();
                    queue.task_done().unwrap();
                }
            }
        });
        let mut getter = wait(queue.get(), when);
        queue.put_nowait(1).unwrap();
        assert_eq!(poll_once(&mut getter), Some(Ok(1)));
        queue.put_nowait(2).unwrap();
        let mut putter = wait(queue.put(3), when);
        assert_eq!(queue.get_nowait(), Ok(2));
        assert_eq!(poll_once(&mut putter), Some(Ok(())));
        let mut joining = wait(queue.join(), when);
        (0..3).for_each(|_| queue.task_done().unwrap());
        assert!(poll_once(&mut joining).is_some());
        drop((wait(queue.put(4), when), queue.get_nowait(), wait(queue.get(), when)));
        queue.shutdown(true);
    }
}
