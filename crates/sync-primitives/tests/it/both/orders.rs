//! Which item comes out next: of a queue, of a stack, of a priority queue.

use super::{LifoQueue, PriorityQueue, Queue};
use crate::harness::{Hand, panic_of};
use crate::random::Random;
use std::cell::Cell;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::rc::Rc;
use sync_primitives::GetError;

#[test]
fn the_same_items_come_out_in_the_order_of_each_queue() {
    let items = [3, 1, 2];
    let (fifo, lifo, priority) = (Queue::unbounded(), LifoQueue::unbounded(), PriorityQueue::unbounded());
    for item in items {
        fifo.put_nowait(item).unwrap();
        lifo.put_nowait(item).unwrap();
        priority.put_nowait(item).unwrap();
    }
    assert_eq!(items.map(|_| fifo.get_nowait().unwrap()), [3, 1, 2]);
    assert_eq!(items.map(|_| lifo.get_nowait().unwrap()), [2, 1, 3]);
    assert_eq!(items.map(|_| priority.get_nowait().unwrap()), [1, 2, 3]);
}

/// Compares by the first number only.
#[derive(Debug, Clone, Copy)]
struct Ranked(usize, usize);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

#[test]
fn the_lowest_comes_first_and_of_equal_ones_the_first_that_was_put_in_any_history() {
    for seed in 0..200 {
        let random = &mut Random(seed);
        let queue = PriorityQueue::unbounded();
        let mut model = BTreeMap::new();
        for arrival in 0..300 {
            if random.below(5) < 3 {
                let item = Ranked(random.below(4), arrival);
                queue.put_nowait(item).unwrap();
                model.insert((item.0, arrival), ());
            } else {
                let expected = model.pop_first().map(|(key, ())| key);
                assert_eq!(queue.get_nowait().ok().map(|item| (item.0, item.1)), expected, "seed {seed}");
            }
        }
        let rest = queue.shutdown(true).into_iter().map(|item| (item.0, item.1)).collect::<Vec<_>>();
        assert_eq!(rest, model.into_keys().collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn the_highest_comes_first_when_items_are_reversed() {
    let queue = PriorityQueue::unbounded();
    [1, 3, 2].into_iter().for_each(|item| queue.put_nowait(Reverse(item)).unwrap());
    assert_eq!(queue.get_nowait(), Ok(Reverse(3)));
}

#[test]
fn a_shutdown_gives_the_items_back_as_they_would_have_come_out() {
    let (lifo, priority) = (LifoQueue::unbounded(), PriorityQueue::unbounded());
    for item in [3, 1, 2] {
        lifo.put_nowait(item).unwrap();
        priority.put_nowait(item).unwrap();
    }
    assert_eq!((lifo.shutdown(true), priority.shutdown(true)), (vec![2, 1, 3], vec![1, 2, 3]));
}

#[test]
fn a_getter_that_was_woken_gets_what_is_lowest_when_it_runs() {
    let queue = PriorityQueue::bounded(2);
    let mut getter = Hand::waiting(queue.get());
    queue.put_nowait(2).unwrap();
    queue.put_nowait(1).unwrap();
    assert_eq!(getter.poll(), Some(Ok(1)));
}

/// Panics in the comparison that brings the countdown to zero.
struct Explosive<'a>(u32, &'a Cell<u32>);

impl Ord for Explosive<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.1.set(self.1.get().wrapping_sub(1));
        assert!(self.1.get() != 0, "a comparison that panics");
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Explosive<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Explosive<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Explosive<'_> {}

#[test]
fn no_item_is_lost_and_none_comes_twice_at_whichever_comparison_it_panics() {
    for seed in 0..60 {
        let (random, countdown) = (&mut Random(seed), &Cell::new(0));
        let queue = PriorityQueue::unbounded();
        let (mut put, mut got) = (Vec::new(), Vec::new());
        for number in 0..60 {
            countdown.set(u32::try_from(random.below(12)).unwrap());
            if random.below(5) < 3 {
                put.push(number);
                let item = Explosive(u32::try_from(random.below(40)).unwrap() * 100 + number, countdown);
                let _reported = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    queue.put_nowait(item).unwrap();
                }));
            } else {
                let get = std::panic::AssertUnwindSafe(|| queue.get_nowait().ok().map(|item| item.0 % 100));
                got.extend(std::panic::catch_unwind(get).ok().flatten());
            }
            assert_eq!(queue.qsize(), put.len() - got.len(), "seed {seed}");
        }
        countdown.set(0);
        got.extend(queue.shutdown(true).into_iter().map(|item| item.0 % 100));
        got.sort_unstable();
        assert_eq!(got, put, "seed {seed}");
    }
}

/// Compares well until it is told to panic.
struct Fragile(u32, Rc<Cell<bool>>);

impl Ord for Fragile {
    fn cmp(&self, other: &Self) -> Ordering {
        assert!(!self.1.get(), "a comparison that panics");
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Fragile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Fragile {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Fragile {}

#[test]
fn a_comparison_that_panics_leaves_a_queue_that_wakes_whoever_can_go_on() {
    let breaks = Rc::new(Cell::new(false));
    let queue = PriorityQueue::bounded(4);
    let put = |number| queue.put_nowait(Fragile(number, breaks.clone())).is_ok();
    let mut getters = [(); 2].map(|()| Hand::waiting(queue.get()));
    assert!(put(2));
    breaks.set(true);
    assert_eq!(panic_of(|| put(1)), "a comparison that panics");
    assert_eq!((queue.qsize(), getters[1].wakes()), (2, 1), "the item is in, and somebody is woken for it");
    breaks.set(false);
    assert!(getters.iter_mut().all(|getter| getter.poll().unwrap().is_ok()));

    // The lowest is taken without comparing, and what comes after it is not.
    (0..4).for_each(|number| assert!(put(number)));
    assert_eq!(queue.get_nowait().map(|item| item.0), Ok(0));
    assert!(put(4));
    let mut putter = Hand::waiting(queue.put(Fragile(9, breaks.clone())));
    let mut getter = Hand::new(queue.get());
    breaks.set(true);
    assert_eq!(panic_of(|| queue.get_nowait().is_ok()), "a comparison that panics");
    assert_eq!(panic_of(|| getter.poll().is_some()), "a comparison that panics");
    assert_eq!((queue.qsize(), putter.wakes()), (4, 0), "nothing was taken, and no place is free");
    breaks.set(false);
    assert_eq!(queue.get_nowait().map(|item| item.0), Ok(1), "and the order is what it was");
    assert!(putter.poll().unwrap().is_ok());
}

#[test]
fn an_item_whose_comparison_panics_inside_the_line_of_getters_is_left_for_the_next() {
    let breaks = Rc::new(Cell::new(false));
    let queue = PriorityQueue::unbounded();
    let (mut first, mut second) = (Hand::waiting(queue.get()), Hand::waiting(queue.get()));
    (0..5).for_each(|number| queue.put_nowait(Fragile(number, breaks.clone())).unwrap());
    queue.get_nowait().unwrap();
    breaks.set(true);
    // The first loses its place by it, and what it was called for stays.
    assert_eq!(panic_of(|| first.poll().is_some()), "a comparison that panics");
    breaks.set(false);
    assert!(second.poll().unwrap().is_ok() && first.poll().unwrap().is_ok());
    assert_eq!(queue.qsize(), 2);
}

#[test]
fn a_shutdown_whose_comparison_panics_has_not_begun_and_loses_no_item() {
    let breaks = Rc::new(Cell::new(false));
    let queue = PriorityQueue::unbounded();
    (0..9).rev().for_each(|number| queue.put_nowait(Fragile(number, breaks.clone())).unwrap());
    breaks.set(true);
    assert_eq!(panic_of(|| queue.shutdown(true).len()), "a comparison that panics");
    assert_eq!(queue.qsize(), 9);
    breaks.set(false);
    queue.put_nowait(Fragile(9, breaks)).unwrap();
    let numbers = queue.shutdown(true).into_iter().map(|item| item.0).collect::<Vec<_>>();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    assert_eq!(queue.get_nowait().err(), Some(GetError::ShutDown));
}
