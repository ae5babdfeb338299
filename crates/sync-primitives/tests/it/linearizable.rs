//! Queues under threads, checked against a queue of one thread: each history must be one that somebody could have seen who
//! does one thing after the other.
//!
//! Each operation took effect at some moment between its call and its return (Herlihy and Wing's linearizability), so a
//! history is right if its operations can be put into an order in which none comes before one that had returned when it was
//! called, and which the plain queue answers alike. The histories are short, and all orders are tried.

use crate::harness::poll_once;
use crate::random::Random;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use sync_primitives::{GetError, LifoQueue, Order, PriorityQueue, PutError, Queue, QueueOf};

const THREADS: usize = 3;
const EACH: usize = 5;
const HISTORIES: u64 = 400;
const SHORT: Duration = Duration::from_micros(20);

/// What an operation did.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Did {
    Put(u32),
    FoundFull,
    Got(u32),
    FoundEmpty,
    /// It gave up waiting, in time or by a drop.
    Nothing,
}

/// An operation, and the moments of its call and its return.
#[derive(Debug, Clone, Copy)]
struct Call {
    called: usize,
    did: Did,
    returned: usize,
}

/// Which item of those in the plain queue, in the order of arrival, is the next to come out.
type Next = fn(&[u32]) -> usize;

const FIRST: Next = |_| 0;
const LAST: Next = |items| items.len() - 1;
const LOWEST: Next =
    |items| (0..items.len()).min_by_key(|at| items[*at]).expect("it is asked of what is not empty");

/// What the plain queue is after `did`, if that can be its answer.
fn after(items: &[u32], maxsize: usize, next: Next, did: Did) -> Option<Vec<u32>> {
    let mut items = items.to_vec();
    let holds = match did {
        Did::Put(item) => {
            let fits = items.len() < maxsize;
            items.push(item);
            fits
        }
        Did::FoundFull => items.len() == maxsize,
        Did::Got(item) => !items.is_empty() && items.remove(next(&items)) == item,
        Did::FoundEmpty => items.is_empty(),
        Did::Nothing => true,
    };
    holds.then_some(items)
}

/// Whether all calls can be put into such an order.
fn is_right(history: &[Call], maxsize: usize, next: Next) -> bool {
    let all = (1_u64 << history.len()) - 1;
    let mut tried = HashSet::new();
    let mut open = vec![(0_u64, Vec::new())];
    while let Some((done, items)) = open.pop() {
        if done == all {
            return true;
        }
        let left = || (0..history.len()).filter(|call| done & (1 << call) == 0);
        let first_return = left().map(|call| history[call].returned).min().expect("some are left");
        for call in left().filter(|call| history[*call].called < first_return) {
            if let Some(items) = after(&items, maxsize, next, history[call].did)
                && tried.insert((done | 1 << call, items.clone()))
            {
                open.push((done | 1 << call, items));
            }
        }
    }
    false
}

fn operate<S: Order<Item = u32>>(queue: &QueueOf<S>, item: u32, random: &mut Random) -> Did {
    match random.below(8) {
        0 | 1 => match queue.put_nowait(item) {
            Ok(()) => Did::Put(item),
            Err(PutError::Full(_)) => Did::FoundFull,
            Err(PutError::ShutDown(_)) => panic!("nobody shuts it down"),
        },
        2 => poll_once(queue.put(item)).map_or(Did::Nothing, |_| Did::Put(item)),
        3 => queue.put_timeout(item, SHORT).map_or(Did::Nothing, |()| Did::Put(item)),
        4 | 5 => match queue.get_nowait() {
            Ok(item) => Did::Got(item),
            Err(GetError::Empty) => Did::FoundEmpty,
            Err(GetError::ShutDown) => panic!("nobody shuts it down"),
        },
        6 => poll_once(queue.get()).map_or(Did::Nothing, |got| Did::Got(got.expect("it is open"))),
        _ => queue.get_timeout(SHORT).map_or(Did::Nothing, Did::Got),
    }
}

/// What threads saw of `queue` that used it at once.
fn history<S: Order<Item = u32> + Send>(queue: &QueueOf<S>, seed: u64) -> Vec<Call> {
    let (clock, ready) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let one = |thread: usize| {
        let random = &mut Random(seed * THREADS as u64 + thread as u64);
        ready.fetch_add(1, Ordering::SeqCst);
        // Awake, so that they begin together: an operation is over before a sleeping thread would have woken up.
        while ready.load(Ordering::SeqCst) < THREADS {
            thread::yield_now();
        }
        let call = |number: usize| {
            contract::budget::enter_step();
            // Not in the order of arrival, so that the lowest is not also the first.
            let item = u32::try_from((thread * EACH + number) * 7 % (THREADS * EACH)).expect("it is small");
            let called = tick();
            let did = operate(queue, item, random);
            Call { called, did, returned: tick() }
        };
        (0..EACH).map(call).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || one(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no operation panics")).collect()
    })
}

fn every_history_is_right<S: Order<Item = u32> + Send>(bounded: fn(usize) -> QueueOf<S>, next: Next) {
    for seed in 0..HISTORIES {
        let maxsize = 1 + Random(seed).below(3);
        let history = history(&bounded(maxsize), seed);
        assert!(is_right(&history, maxsize, next), "seed {seed}, at most {maxsize}: {history:#?}");
    }
}

#[test]
fn every_history_of_a_queue_under_threads_could_be_that_of_one_thread() {
    every_history_is_right(Queue::bounded, FIRST);
}

#[test]
fn every_history_of_a_lifo_queue_under_threads_could_be_that_of_one_thread() {
    every_history_is_right(LifoQueue::bounded, LAST);
}

#[test]
fn every_history_of_a_priority_queue_under_threads_could_be_that_of_one_thread() {
    every_history_is_right(PriorityQueue::bounded, LOWEST);
}

#[test]
fn a_history_that_could_not_be_that_of_one_thread_is_found() {
    let call = |called, did, returned| Call { called, did, returned };
    let one = [call(0, Did::Put(1), 1), call(2, Did::Put(2), 3)];
    let with = |calls: &[Call]| [&one, calls].concat();
    let swapped = with(&[call(4, Did::Got(2), 5), call(6, Did::Got(1), 7)]);
    assert!(!is_right(&swapped, 2, FIRST) && is_right(&swapped, 2, LAST));
    let twice = with(&[call(4, Did::Got(1), 6), call(5, Did::Got(1), 7)]);
    assert!(!is_right(&twice, 2, FIRST));
    assert!(!is_right(&with(&[call(4, Did::FoundEmpty, 5)]), 2, FIRST));
    assert!(!is_right(&with(&[call(4, Did::FoundFull, 5)]), 3, FIRST) && is_right(&one, 2, FIRST));
    assert!(!is_right(&one, 1, FIRST), "one more than the bound");
    // What overlaps may have been either way round.
    let overlapping = [call(0, Did::Got(1), 3), call(1, Did::Put(1), 2)];
    assert!(is_right(&overlapping, 1, FIRST));
}
