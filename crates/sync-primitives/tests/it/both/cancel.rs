//! Every future, dropped at every await it can be dropped at: nothing is lost.

use super::{Event, Lock, Owner, Queue, Semaphore};
use crate::harness::{At, EVERYWHERE, Hand, drop_at, poll_once};

#[test]
fn a_lock_passes_its_turn_on_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let lock = Owner::new(Lock::new(()));
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
        assert_eq!(Owner::strong_count(&lock), 1);
    }
}

#[test]
fn a_semaphore_passes_its_permit_on_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let semaphore = Owner::new(Semaphore::new(0));
        let mut next = None;
        drop_at(at, semaphore.acquire(), || {
            next = Some(Hand::waiting(semaphore.acquire()));
            semaphore.release();
        });
        next.unwrap().poll().expect("the next gets it").forget();
        drop_at(at, semaphore.acquire_owned(), || semaphore.release());
        assert_eq!(semaphore.available(), 1, "owned, {at:?}");
        assert_eq!(Owner::strong_count(&semaphore), 1);
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
    struct UsesQueue(Owner<Queue<UsesQueue>>);
    impl Drop for UsesQueue {
        fn drop(&mut self) {
            assert!(self.0.qsize() <= 1);
        }
    }
    let queue = Owner::new(Queue::bounded(1));
    queue.put_nowait(UsesQueue(queue.clone())).unwrap();
    drop(queue.put_nowait(UsesQueue(queue.clone())));
    drop(Hand::waiting(queue.put(UsesQueue(queue.clone()))));
    drop(queue.shutdown(true));
    assert_eq!(Owner::strong_count(&queue), 1);
}
