//! The step budget: a task that never has to wait lets others run.

use super::{Event, Lock, Queue, Semaphore};
use crate::harness::{Hand, Tasks, Trace};
use contract::budget::{STEP, enter_step};

/// Polls futures of `ready`, which never have to wait, until one is pending, and tells how many were ready before.
fn ready_in_one_step<F: Future>(ready: impl Fn() -> F) -> u32 {
    enter_step();
    for count in 0..=STEP {
        let mut hand = Hand::new(ready());
        if hand.poll().is_none() {
            assert_eq!(hand.wakes(), 1, "it is told to come again");
            assert!(hand.poll().is_some(), "and then it goes on");
            return count;
        }
    }
    panic!("one step never ended");
}

#[test]
fn every_operation_that_is_ready_takes_one_from_the_budget() {
    let (lock, semaphore, event, queue) =
        (Lock::new(()), Semaphore::new(1), Event::new(), Queue::unbounded());
    event.set();
    assert_eq!(ready_in_one_step(|| lock.lock()), STEP);
    assert_eq!(ready_in_one_step(|| semaphore.acquire()), STEP);
    assert_eq!(ready_in_one_step(|| event.wait()), STEP);
    assert_eq!(ready_in_one_step(|| queue.join()), STEP);
    assert_eq!(ready_in_one_step(|| queue.put(1)), STEP);
    (0..STEP).for_each(|_| queue.put_nowait(1).unwrap());
    assert_eq!(ready_in_one_step(|| queue.get()), STEP);
    queue.shutdown(true);
    assert_eq!(ready_in_one_step(|| queue.get()), STEP, "an error is an answer too");
}

#[test]
fn a_wait_that_is_pending_takes_nothing_from_the_budget() {
    // Else one task that waits for more than a step's worth of things would never come to the last of them.
    let event = Event::new();
    enter_step();
    let waiting = (0..2 * STEP).map(|_| Hand::waiting(event.wait())).collect::<Vec<_>>();
    event.set();
    assert!(waiting.iter().all(|hand| hand.wakes() == 1), "all of them had joined the line");
}

#[test]
fn a_task_on_a_lock_that_is_always_free_lets_the_other_run() {
    let (lock, trace) = (Lock::new(0), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        for _ in 0..=STEP {
            *lock.lock().await += 1;
        }
        trace.log("greedy");
    });
    tasks.spawn(async { trace.log("other") });
    tasks.run();
    assert_eq!(trace.take(), "other greedy");
}

#[test]
fn one_who_is_called_keeps_its_turn_while_its_budget_is_gone() {
    let lock = Lock::new(());
    let held = lock.try_lock().unwrap();
    let mut first = Hand::waiting(lock.lock());
    let second = Hand::waiting(lock.lock());
    drop(held);
    let free = Event::new();
    free.set();
    enter_step();
    (0..STEP).for_each(|_| assert!(Hand::new(free.wait()).poll().is_some()));
    assert!(first.poll().is_none());
    assert_eq!(second.wakes(), 0);
    assert!(first.poll().is_some());
}

#[test]
fn one_who_found_nothing_to_wait_for_is_released_although_its_budget_was_gone_and_there_is_by_now() {
    let (event, queue) = (Event::new(), Queue::unbounded());
    event.set();
    enter_step();
    (0..STEP).for_each(|_| assert!(Hand::new(event.wait()).poll().is_some()));
    let mut wait = Hand::waiting(event.wait());
    (0..STEP).for_each(|_| assert!(Hand::new(event.wait()).poll().is_some()));
    let mut join = Hand::waiting(queue.join());
    event.clear();
    queue.put_nowait(1).unwrap();
    assert!(wait.poll().is_some() && join.poll().is_some());
    assert!(Hand::new(event.wait()).poll().is_none() && Hand::new(queue.join()).poll().is_none());
}
