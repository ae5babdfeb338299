//! Queues: what is put, got, given up and shut down by several threads.

use crate::{model, poll_once};
use contract::block_on;
use loom::thread;
use std::sync::Arc;
use sync_primitives::{LifoQueue, PriorityQueue, Queue, QueueShutDown};

#[test]
fn an_item_reaches_the_getter_and_its_place_the_putter() {
    model(|| {
        let queue = Arc::new(Queue::bounded(1));
        let puts = thread::spawn({
            let queue = queue.clone();
            move || {
                block_on(queue.put(1)).unwrap();
                block_on(queue.put(2)).unwrap();
            }
        });
        assert_eq!(block_on(queue.get()), Ok(1));
        assert_eq!(block_on(queue.get()), Ok(2));
        puts.join().unwrap();
    });
}

#[test]
fn an_item_whose_getter_is_dropped_reaches_the_next() {
    model(|| {
        let queue = Arc::new(Queue::unbounded());
        let mut dropped = queue.get();
        assert!(poll_once(&mut dropped).is_pending());
        let gets = thread::spawn({
            let queue = queue.clone();
            move || assert_eq!(block_on(queue.get()), Ok(1))
        });
        let puts = thread::spawn({
            let queue = queue.clone();
            move || queue.put_nowait(1).unwrap()
        });
        drop(dropped);
        puts.join().unwrap();
        gets.join().unwrap();
        assert!(queue.empty());
    });
}

#[test]
fn an_item_that_is_taken_from_a_woken_getter_leaves_it_waiting_for_the_next() {
    model(|| {
        let queue = Arc::new(Queue::unbounded());
        let gets = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get()).unwrap()
        });
        queue.put_nowait(1).unwrap();
        let taken = queue.get_nowait().unwrap_or(0);
        if taken == 1 {
            queue.put_nowait(2).unwrap();
        }
        assert_eq!(gets.join().unwrap(), taken + 1);
    });
}

#[test]
fn a_place_whose_putter_is_dropped_goes_to_the_next() {
    model(|| {
        let queue = Arc::new(Queue::bounded(1));
        queue.put_nowait(0).unwrap();
        let mut dropped = queue.put(1);
        assert!(poll_once(&mut dropped).is_pending());
        let puts = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.put(2)).unwrap()
        });
        let gets = thread::spawn({
            let queue = queue.clone();
            move || assert_eq!(queue.get_nowait(), Ok(0))
        });
        drop(dropped);
        gets.join().unwrap();
        puts.join().unwrap();
        assert_eq!(queue.get_nowait(), Ok(2));
    });
}

#[test]
fn a_shutdown_ends_every_wait_and_no_item_is_lost() {
    model(|| {
        let queue = Arc::new(Queue::bounded(1));
        let puts = thread::spawn({
            let queue = queue.clone();
            move || match block_on(queue.put(1)) {
                Ok(()) => 0,
                Err(QueueShutDown(refused)) => refused,
            }
        });
        let gets = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get()).unwrap_or(0)
        });
        let emptied = queue.shutdown(true).into_iter().sum::<i32>();
        assert_eq!(puts.join().unwrap() + gets.join().unwrap() + emptied, 1);
    });
}

#[test]
fn an_item_whose_getter_is_dropped_around_a_shutdown_reaches_the_next() {
    model(|| {
        let queue = Arc::new(Queue::unbounded());
        let mut dropped = queue.get();
        assert!(poll_once(&mut dropped).is_pending());
        queue.put_nowait(1).unwrap();
        let gets = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get())
        });
        let ends = thread::spawn({
            let queue = queue.clone();
            move || queue.shutdown(false)
        });
        drop(dropped);
        ends.join().unwrap();
        assert_eq!(gets.join().unwrap(), Ok(1));
        assert_eq!(block_on(queue.get()), Err(QueueShutDown(())));
    });
}

#[test]
fn a_join_is_released_by_the_last_task_done() {
    model(|| {
        let queue = Arc::new(Queue::unbounded());
        queue.put_nowait(1).unwrap();
        let works = thread::spawn({
            let queue = queue.clone();
            move || {
                queue.get_nowait().unwrap();
                queue.task_done().unwrap();
            }
        });
        block_on(queue.join());
        works.join().unwrap();
    });
}

#[test]
fn each_order_hands_its_items_over_between_threads() {
    model(|| {
        let (lifo, priority) = (Arc::new(LifoQueue::bounded(1)), Arc::new(PriorityQueue::bounded(1)));
        let puts = thread::spawn({
            let (lifo, priority) = (lifo.clone(), priority.clone());
            move || {
                block_on(lifo.put(1)).unwrap();
                block_on(priority.put(2)).unwrap();
            }
        });
        assert_eq!(block_on(priority.get()), Ok(2));
        assert_eq!(block_on(lifo.get()), Ok(1));
        puts.join().unwrap();
    });
}
