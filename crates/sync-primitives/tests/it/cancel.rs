//! Every future, dropped at every await it can be dropped at: nothing is lost.

use crate::harness::{Hand, poll_once};
use contract::budget::{STEP, enter_step};
use std::sync::Arc;
use sync_primitives::{Event, Lock, Queue, Semaphore};

/// Where a future can stand when it is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// Never polled.
    Made,
    /// In line.
    Waiting,
    /// It was its turn, and it has not been polled since.
    Called,
    /// It was its turn, and it was polled when its budget was gone.
    OutOfBudget,
    /// Its output was dropped.
    Ready,
}

const EVERYWHERE: [At; 5] = [At::Made, At::Waiting, At::Called, At::OutOfBudget, At::Ready];

/// Brings `future`, which has to wait until `release`, to `at`, and drops it there.
fn drop_at<F: Future>(at: At, future: F, release: impl FnOnce()) {
    let mut hand = Hand::new(future);
    if at != At::Made {
        assert!(hand.poll().is_none(), "{at:?}");
    }
    if matches!(at, At::Made | At::Waiting) {
        drop(hand);
        return release();
    }
    release();
    if at == At::OutOfBudget {
        let event = Event::new();
        event.set();
        enter_step();
        (0..STEP).for_each(|_| assert!(poll_once(event.wait()).is_some()));
        assert!(hand.poll().is_none(), "{at:?}");
    }
    if at == At::Ready {
        assert!(hand.poll().is_some(), "{at:?}");
    }
}

#[test]
fn a_lock_passes_its_turn_on_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let lock = Arc::new(Lock::new(()));
        let held = lock.try_lock().unwrap();
        let mut next = None;
        drop_at(at, lock.lock(), || {
            next = Some(Hand::waiting(lock.lock()));
            drop(held);
        });
        assert!(next.unwrap().poll().is_some(), "{at:?}");
        let held = lock.try_lock().expect("it is free again");
        drop_at(at, lock.lock_owned(), || drop(held));
        assert!(!lock.locked(), "owned, {at:?}");
        assert_eq!(Arc::strong_count(&lock), 1);
    }
}

#[test]
fn a_semaphore_passes_its_permit_on_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut next = None;
        drop_at(at, semaphore.acquire(), || {
            next = Some(Hand::waiting(semaphore.acquire()));
            semaphore.release();
        });
        next.unwrap().poll().expect("the next gets it").forget();
        drop_at(at, semaphore.acquire_owned(), || semaphore.release());
        assert_eq!(semaphore.available(), 1, "owned, {at:?}");
        assert_eq!(Arc::strong_count(&semaphore), 1);
    }
}

#[test]
fn an_event_releases_all_others_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let event = Event::new();
        let mut before = Hand::waiting(event.wait());
        let mut after = None;
        drop_at(at, event.wait(), || {
            after = Some(Hand::waiting(event.wait()));
            event.set();
            event.clear();
        });
        // Who waits after the clear was not released.
        if at != At::Ready && at != At::Called && at != At::OutOfBudget {
            assert!(poll_once(event.wait()).is_none());
        }
        assert!(before.poll().is_some() && after.unwrap().poll().is_some(), "{at:?}");
    }
}

#[test]
fn a_get_that_is_dropped_takes_no_item_with_it_unless_it_was_ready() {
    for at in EVERYWHERE {
        let queue = Queue::bounded(1);
        let mut next = None;
        drop_at(at, queue.get(), || {
            next = Some(Hand::waiting(queue.get()));
            queue.put_nowait(1).unwrap();
        });
        if at == At::Ready {
            queue.put_nowait(1).unwrap();
        }
        assert_eq!(next.unwrap().poll(), Some(Ok(1)), "{at:?}");
        assert!(queue.empty());
    }
}

#[test]
fn a_put_that_is_dropped_puts_nothing_and_frees_its_place_unless_it_was_ready() {
    for at in EVERYWHERE {
        let queue = Queue::bounded(1);
        queue.put_nowait(0).unwrap();
        let mut next = None;
        drop_at(at, queue.put(1), || {
            next = Some(Hand::waiting(queue.put(2)));
            assert_eq!(queue.get_nowait(), Ok(0));
        });
        if at == At::Ready {
            assert_eq!(queue.get_nowait(), Ok(1));
        }
        assert_eq!(next.unwrap().poll(), Some(Ok(())), "{at:?}");
        assert_eq!(queue.get_nowait(), Ok(2));
    }
}

#[test]
fn a_join_that_is_dropped_disturbs_no_other() {
    for at in EVERYWHERE {
        let queue = Queue::unbounded();
        queue.put_nowait(1).unwrap();
        let mut other = Hand::waiting(queue.join());
        drop_at(at, queue.join(), || queue.task_done().unwrap());
        assert!(other.poll().is_some(), "{at:?}");
    }
}

#[test]
fn an_item_is_dropped_outside_the_queue_so_that_its_destructor_may_use_it() {
    struct UsesQueue(Arc<Queue<UsesQueue>>);
    impl Drop for UsesQueue {
        fn drop(&mut self) {
            assert!(self.0.qsize() <= 1);
        }
    }
    let queue = Arc::new(Queue::bounded(1));
    queue.put_nowait(UsesQueue(queue.clone())).unwrap();
    drop(queue.put_nowait(UsesQueue(queue.clone())));
    drop(Hand::waiting(queue.put(UsesQueue(queue.clone()))));
    drop(queue.shutdown(true));
    assert_eq!(Arc::strong_count(&queue), 1);
}

#[test]
fn a_waker_is_dropped_outside_the_mutex_so_that_its_task_may_use_the_primitive() {
    struct UsesLock(Arc<Lock<()>>);
    impl std::task::Wake for UsesLock {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for UsesLock {
        fn drop(&mut self) {
            assert!(self.0.locked());
        }
    }
    let lock = Arc::new(Lock::new(()));
    let held = lock.try_lock().unwrap();
    let waker = || std::task::Waker::from(Arc::new(UsesLock(lock.clone())));
    let mut waiting = lock.lock();
    for _ in 0..2 {
        // The second poll replaces the waker of the first.
        let waiting = std::pin::Pin::new(&mut waiting);
        assert!(waiting.poll(&mut std::task::Context::from_waker(&waker())).is_pending());
    }
    drop(waiting);
    drop(held);
    assert_eq!(Arc::strong_count(&lock), 1);
}
