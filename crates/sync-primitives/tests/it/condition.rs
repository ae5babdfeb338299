//! The condition: who is notified, and who has the lock afterwards.

use crate::harness::{Hand, Tasks, Trace, panic_of, panic_on_a_loop, poll_once};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::{Condition, Event, Lock};

/// Waits once, and notes the name.
async fn waiter(name: &str, lock: &Lock<u32>, condition: &Condition, trace: &Trace) {
    let guard = lock.lock().await;
    let _guard = condition.wait(guard).await;
    assert!(lock.locked(), "{name} has the lock again");
    trace.log(name);
}

#[test]
fn a_wait_gives_the_lock_up_and_returns_when_it_was_notified_and_has_the_lock_again() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let mut wait = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
    let held = lock.try_lock().expect("a wait does not keep the lock");
    condition.notify(1);
    assert_eq!(wait.wakes(), 1);
    assert!(wait.poll().is_none(), "the notifier still has the lock");
    drop(held);
    assert_eq!(wait.wakes(), 2);
    assert!(wait.poll().is_some());
}

#[test]
fn the_oldest_are_notified_first_and_a_surplus_is_not_kept() {
    let (lock, condition, trace) = (Lock::new(0), Condition::new(), Trace::default());
    let mut tasks = Tasks::default();
    condition.notify(5);
    for name in ["a", "b", "c", "d"] {
        tasks.spawn(waiter(name, &lock, &condition, &trace));
    }
    tasks.run();
    assert_eq!(trace.take(), "", "what came before they waited is gone");
    condition.notify(1);
    tasks.run();
    assert_eq!(trace.take(), "a");
    condition.notify(2);
    tasks.run();
    assert_eq!(trace.take(), "b c");
    condition.notify(usize::MAX);
    tasks.spawn(waiter("e", &lock, &condition, &trace));
    tasks.run();
    assert_eq!(trace.take(), "d");
    condition.notify(0);
    tasks.run();
    assert_eq!(tasks.left(), 1);
}

#[test]
fn all_who_wait_are_notified_and_pass_one_after_the_other_once_the_lock_is_free() {
    let (lock, condition, trace) = (Lock::new(0), Condition::new(), Trace::default());
    let mut tasks = Tasks::default();
    for name in ["a", "b", "c"] {
        tasks.spawn(waiter(name, &lock, &condition, &trace));
    }
    tasks.run();
    let held = lock.try_lock().unwrap();
    condition.notify_all();
    tasks.run();
    assert_eq!(trace.take(), "");
    drop(held);
    tasks.run();
    assert_eq!(trace.take(), "a b c");
}

#[test]
fn a_predicate_that_holds_is_an_answer_at_once_and_one_that_does_not_waits_on() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let guard = poll_once(condition.wait_for(lock.try_lock().unwrap(), |count| *count == 0)).unwrap();
    let mut wait = Hand::waiting(condition.wait_for(guard, |count| *count == 2));
    for count in 1..=2 {
        *lock.try_lock().unwrap() = count;
        condition.notify(1);
        assert_eq!(wait.poll().is_some(), count == 2);
    }
}

#[test]
fn a_notification_for_one_who_is_dropped_goes_to_the_next() {
    for relocking in [false, true] {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let mut first = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
        let mut second = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
        let held = lock.try_lock().unwrap();
        condition.notify(1);
        if relocking {
            assert!(first.poll().is_none(), "it queues for the lock");
        }
        drop(first);
        assert_eq!(second.wakes(), 1, "relocking: {relocking}");
        drop(held);
        assert!(second.poll().is_some(), "relocking: {relocking}");
    }
}

#[test]
fn a_wait_that_is_stopped_has_the_lock_again_and_passes_its_notification_on() {
    let (lock, condition, stop) = (Lock::new(0), Condition::new(), Event::new());
    let mut first = Hand::waiting(condition.wait(lock.try_lock().unwrap()).unless(stop.wait()));
    let mut second = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
    condition.notify(1);
    stop.set();
    let (guard, waited) = first.poll().expect("the lock is free");
    assert_eq!(waited, Err(()), "a stop rules");
    assert!(second.poll().is_none(), "it was notified instead, and queues for the lock");
    drop(guard);
    assert!(second.poll().is_some());
}

#[test]
fn a_stop_that_comes_while_the_lock_is_waited_for_passes_the_notification_on() {
    let (lock, condition, stop) = (Lock::new(0), Condition::new(), Event::new());
    let mut first = Hand::waiting(condition.wait(lock.try_lock().unwrap()).unless(stop.wait()));
    let second = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
    let held = lock.try_lock().unwrap();
    condition.notify(1);
    assert!(first.poll().is_none());
    stop.set();
    assert!(first.poll().is_none(), "it still needs the lock");
    assert_eq!(second.wakes(), 1);
    drop(held);
    let (_guard, waited) = first.poll().expect("it was in the lock's line first");
    assert_eq!(waited, Err(()));
}

#[test]
fn a_stop_is_not_asked_when_there_is_nothing_to_wait_for() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let wait = condition.wait_for(lock.try_lock().unwrap(), |_| true);
    let stop = async { panic!("it is not polled") };
    let (_guard, waited) = poll_once(wait.unless(stop)).unwrap();
    assert_eq!(waited, Ok::<(), ()>(()));
}

#[test]
fn a_predicate_that_panics_releases_the_lock_and_leaves_the_condition_usable() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let mut asked = 0;
    let mut wait = Hand::waiting(condition.wait_for(lock.try_lock().unwrap(), |_| {
        asked += 1;
        assert!(asked < 2, "a predicate that panics");
        false
    }));
    let mut other = Hand::waiting(condition.wait(lock.try_lock().unwrap()));
    condition.notify_all();
    assert_eq!(panic_of(|| wait.poll().is_some()), "a predicate that panics");
    drop(wait);
    assert!(!lock.locked());
    assert!(other.poll().is_some());
    assert_eq!(*lock.try_lock().unwrap(), 0, "no poisoning");
}

#[test]
fn owned_guards_wait_too_and_let_go_of_their_lock_when_dropped() {
    let (lock, condition) = (Arc::new(Lock::new(0)), Condition::new());
    let mut wait = Hand::waiting(condition.wait(lock.try_lock_owned().unwrap()));
    condition.notify(1);
    assert!(wait.poll().is_some());
    drop(Hand::waiting(condition.wait(lock.try_lock_owned().unwrap())));
    drop(wait);
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn one_lock_serves_several_conditions() {
    let (lock, more, less) = (Lock::new(1), Condition::new(), Condition::new());
    let mut takes = Hand::waiting(more.wait_for(lock.try_lock().unwrap(), |count| *count > 1));
    let puts = Hand::waiting(less.wait_for(lock.try_lock().unwrap(), |count| *count < 1));
    *lock.try_lock().unwrap() = 2;
    more.notify_all();
    assert_eq!((*takes.poll().unwrap(), puts.wakes()), (2, 0));
}

#[test]
fn threads_wait_and_are_notified() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| *condition.wait_for_blocking(lock.lock_blocking(), |count| *count == 3));
        for _ in 0..3 {
            *lock.lock_blocking() += 1;
            condition.notify_all();
        }
        assert_eq!(waits.join().unwrap(), 3);
    });
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let (guard, notified) = condition.wait_timeout(lock.lock_blocking(), Duration::MAX);
            *guard == 4 && notified
        });
        *lock.lock_blocking() = 4;
        while !waits.is_finished() {
            condition.notify(1);
            std::thread::yield_now();
        }
        assert!(waits.join().unwrap());
    });
}

#[test]
fn a_deadline_gives_the_guard_back_and_says_whether_it_was_notified_or_the_predicate_holds() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let (guard, notified) = condition.wait_timeout(lock.lock_blocking(), Duration::from_millis(1));
    assert!(!notified && lock.locked());
    let (guard, holds) = condition.wait_for_timeout(guard, Duration::from_millis(1), |count| *count > 0);
    assert!(!holds);
    let (guard, holds) = condition.wait_for_timeout(guard, Duration::ZERO, |count| *count == 0);
    assert!(holds);
    let mut asked = 0;
    let (_guard, holds) = condition.wait_for_timeout(guard, Duration::from_millis(1), |_| {
        asked += 1;
        asked > 1
    });
    assert!(holds, "at the deadline it is asked once more");
}

#[test]
fn blocking_on_a_loops_thread_panics_and_names_the_cure() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let message = panic_on_a_loop(|| condition.wait_blocking(lock.try_lock().unwrap()));
    assert!(message.contains("`.await` it instead"), "{message}");
    assert!(!lock.locked(), "the guard was dropped");
}

#[test]
fn a_wait_that_nobody_notifies_can_be_dropped_while_it_is_stopped() {
    let (lock, condition) = (Lock::new(0), Condition::new());
    let wait = Hand::waiting(condition.wait(lock.try_lock().unwrap()).unless(pending::<()>()));
    drop(wait);
    assert!(!lock.locked());
    condition.notify_all();
}
