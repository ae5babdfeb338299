//! Every future of what only threads share, dropped at every await it can be dropped at: nothing is lost.

use crate::harness::{At, EVERYWHERE, Hand, drop_at, poll_once, spend_all};
use std::cell::Cell;
use std::sync::Arc;
use sync_primitives::{Barrier, BoundedSemaphore, CapacityLimiter, Condition, Lock, LockGuard};

/// Where a wait for a condition can stand when it is dropped.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Stand {
    /// Never polled: it has the lock.
    Made,
    InLine,
    /// It has not been polled since.
    Notified,
    /// Notified, and in line for the lock.
    ForTheLock,
    /// It is its turn to lock, and it has not been polled since.
    ItsTurn,
    OutOfBudget,
    /// Its guard was dropped.
    Ready,
}

fn a_wait_drops_at_every_await<'a, F: Future>(
    lock: &'a Lock<()>,
    condition: &'a Condition,
    changed: &Cell<bool>,
    wait: impl Fn(LockGuard<'a, ()>) -> F,
) {
    use Stand::{ForTheLock, InLine, ItsTurn, Made, Notified, OutOfBudget, Ready};
    for at in [Made, InLine, Notified, ForTheLock, ItsTurn, OutOfBudget, Ready] {
        changed.set(false);
        let mut hand = Hand::new(wait(lock.try_lock().expect("it is free")));
        if at > Made {
            assert!(hand.poll().is_none(), "{at:?}");
        }
        let mut hand = (at > InLine).then_some(hand);
        let mut next = Hand::waiting(condition.wait(lock.try_lock().expect("a drop frees it")));
        let held = lock.try_lock().expect("a wait frees it");
        changed.set(true);
        condition.notify(1);
        if at >= ForTheLock {
            assert!(hand.as_mut().unwrap().poll().is_none(), "{at:?}");
        }
        hand = hand.filter(|_| at > ForTheLock);
        drop(held);
        if at >= OutOfBudget {
            spend_all();
            assert!(hand.as_mut().unwrap().poll().is_none(), "{at:?}");
        }
        if at == Ready {
            assert!(hand.as_mut().unwrap().poll().is_some(), "{at:?}");
            assert!(next.poll().is_none(), "the notification was used");
            condition.notify(1);
        }
        drop(hand);
        assert!(next.poll().is_some(), "{at:?}: the notification went to the next");
        assert!(!lock.locked(), "{at:?}");
        condition.notify_all();
    }
}

#[test]
fn a_wait_for_a_condition_passes_its_notification_and_the_lock_on_wherever_it_is_dropped() {
    let (lock, condition, changed) = (Lock::new(()), Condition::new(), Cell::new(false));
    a_wait_drops_at_every_await(&lock, &condition, &changed, |guard| condition.wait(guard));
    a_wait_drops_at_every_await(&lock, &condition, &changed, |guard| {
        condition.wait_for(guard, |()| changed.get())
    });
    a_wait_drops_at_every_await(&lock, &condition, &changed, |guard| {
        condition.wait(guard).unless(std::future::pending::<()>())
    });
}

#[test]
fn an_arrival_at_a_barrier_is_taken_back_or_counted_wherever_it_is_dropped() {
    for at in EVERYWHERE {
        let barrier = Barrier::new(2);
        let mut other = Hand::new(barrier.wait());
        let mut index = None;
        drop_at(at, barrier.wait(), || index = other.poll());
        let counted = !matches!(at, At::Made | At::Waiting);
        assert_eq!(index.map(Result::unwrap), counted.then_some(1), "{at:?}");
        if !counted {
            assert_eq!(barrier.try_wait(), Ok(Some(1)), "{at:?}: only the other had arrived");
            assert_eq!(other.poll(), Some(Ok(0)), "{at:?}");
        }
        assert_eq!(barrier.n_waiting(), 0, "{at:?}");
    }
}

#[test]
fn a_bounded_semaphore_passes_its_permits_on_wherever_a_waiter_is_dropped() {
    for at in EVERYWHERE {
        let semaphore = Arc::new(BoundedSemaphore::new(3));
        let mut held = semaphore.try_acquire_many(2).ok();
        let mut next = Hand::new(semaphore.acquire());
        drop_at(at, semaphore.acquire_many(2), || {
            let waits = next.poll().is_none();
            assert_eq!(
                waits,
                !matches!(at, At::Made | At::Waiting),
                "{at:?}: a small request waits behind a big one"
            );
            drop(held.take());
        });
        drop(next);
        assert_eq!(semaphore.available(), 3, "{at:?}");
        let held = semaphore.try_acquire_many(3).unwrap();
        drop_at(at, semaphore.acquire_many_owned(1), || drop(held));
        assert_eq!((semaphore.available(), Arc::strong_count(&semaphore)), (3, 1), "{at:?}");
    }
}

#[test]
fn a_limiter_passes_its_token_on_and_frees_the_name_wherever_a_borrower_is_dropped() {
    for at in EVERYWHERE {
        let limiter = Arc::new(CapacityLimiter::new(0));
        drop_at(at, limiter.acquire_on_behalf_of("upload").unwrap(), || limiter.set_total_tokens(1));
        assert!(limiter.borrowers().is_empty(), "{at:?}");
        let held = limiter.try_acquire().expect("the token is there");
        drop_at(at, limiter.acquire_owned_on_behalf_of("upload").unwrap(), || drop(held));
        assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (0, 1), "{at:?}");
        assert_eq!(Arc::strong_count(&limiter), 1, "{at:?}");
    }
}

#[test]
fn a_barrier_that_is_reset_and_dropped_from_is_whole() {
    let barrier = Barrier::new(3);
    let (first, mut second) = (Hand::waiting(barrier.wait()), Hand::waiting(barrier.wait()));
    barrier.reset();
    drop(first);
    assert_eq!(barrier.n_waiting(), 0, "it was no arrival of the next round");
    assert!(second.poll().unwrap().is_err());
    assert_eq!(poll_once(barrier.wait()), None);
    assert_eq!(barrier.n_waiting(), 0);
}
