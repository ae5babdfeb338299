//! Item after item, until the queue is shut down.

use super::{PriorityQueue, Queue};
use crate::harness::{Hand, poll_once};
use contract::budget::{STEP, enter_step};
use std::future::poll_fn;

#[test]
fn a_task_gets_all_items_until_the_shutdown() {
    let queue = Queue::unbounded();
    (0..3).for_each(|item| queue.put_nowait(item).unwrap());
    let mut collect = Hand::waiting(async {
        let (mut items, mut got) = (queue.items(), Vec::new());
        while let Some(item) = items.next().await {
            got.push(item);
        }
        got
    });
    queue.put_nowait(3).unwrap();
    queue.shutdown(false);
    assert_eq!(collect.poll(), Some(vec![0, 1, 2, 3]));
}

#[test]
fn a_function_makes_a_stream_of_them() {
    let queue = PriorityQueue::unbounded();
    (0..2).rev().for_each(|item| queue.put_nowait(item).unwrap());
    let mut items = queue.items();
    let next = &mut || poll_once(poll_fn(|cx| items.poll_next(cx)));
    assert_eq!((next(), next(), next()), (Some(Some(0)), Some(Some(1)), None));
    queue.shutdown(false);
    assert_eq!((next(), next()), (Some(None), Some(None)));
}

#[test]
fn a_next_that_is_dropped_leaves_the_item_it_was_woken_for_to_others() {
    let queue = Queue::unbounded();
    let mut items = queue.items();
    let next = Hand::waiting(items.next());
    let mut other = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    drop(next);
    assert_eq!(other.poll(), Some(Ok(1)));
    queue.put_nowait(2).unwrap();
    assert_eq!(poll_once(items.next()), Some(Some(2)));
}

#[test]
fn a_queue_that_is_never_empty_lets_other_tasks_run() {
    let queue = Queue::unbounded();
    (0..=STEP).for_each(|item| queue.put_nowait(item).unwrap());
    let mut items = queue.items();
    enter_step();
    let got = (0..=STEP).filter(|_| poll_once(items.next()).is_some()).count();
    assert_eq!(got, STEP as usize);
}
