//! Many threads at once: nothing is lost, nobody sleeps for ever.

use crate::harness::{in_bounded_time, poll_once};
use crate::random::Random;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use sync_primitives::{Event, Lock, Queue, QueueShutDown, Semaphore};

const THREADS: u64 = 4;
const ROUNDS: usize = 5_000;
const SHORT: Duration = Duration::from_micros(20);

/// Runs `body` on each of the threads, with random numbers of its own.
fn on_threads(body: impl Fn(&mut Random) + Sync) {
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let body = &body;
            scope.spawn(move || body(&mut Random(seed)));
        }
    });
}

#[test]
fn a_lock_keeps_its_data_whole_under_threads_that_give_up_at_random() {
    in_bounded_time(|| {
        // A `Cell` of two: a torn update would show.
        let lock = Lock::new((Cell::new(0_usize), Cell::new(0_usize)));
        let counted = AtomicUsize::new(0);
        on_threads(|random| {
            for _ in 0..ROUNDS {
                let guard = match random.below(4) {
                    0 => Some(lock.lock_blocking()),
                    1 => Some(contract::block_on(lock.lock())),
                    2 => lock.lock_timeout(SHORT),
                    _ => poll_once(lock.lock()),
                };
                if let Some(guard) = guard {
                    guard.0.set(guard.0.get() + 1);
                    guard.1.set(guard.1.get() + 1);
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        assert!(!lock.locked());
        let (first, second) = lock.into_inner();
        assert_eq!((first.get(), second.get()), (counted.load(Ordering::Relaxed), first.get()));
    });
}

#[test]
fn a_semaphore_never_has_more_holders_than_permits_and_gets_all_back() {
    in_bounded_time(|| {
        let semaphore = Semaphore::new(2);
        let holding = AtomicUsize::new(0);
        on_threads(|random| {
            for _ in 0..ROUNDS {
                let permit = match random.below(4) {
                    0 => Some(semaphore.acquire_blocking()),
                    1 => semaphore.try_acquire(),
                    2 => semaphore.acquire_timeout(SHORT),
                    _ => poll_once(semaphore.acquire()),
                };
                if permit.is_some() {
                    assert!(holding.fetch_add(1, Ordering::SeqCst) < 2);
                    holding.fetch_sub(1, Ordering::SeqCst);
                }
            }
        });
        assert_eq!(semaphore.available(), 2);
    });
}

#[test]
fn every_item_of_a_queue_arrives_once_under_threads_that_give_up_at_random() {
    in_bounded_time(|| {
        for maxsize in [0, 1, 3] {
            let queue = Queue::bounded(maxsize);
            let (put, got) = (AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|scope| {
                let producers = (0..2).map(|seed| {
                    let (queue, put) = (&queue, &put);
                    scope.spawn(move || produce(queue, put, &mut Random(seed)))
                });
                let producers = producers.collect::<Vec<_>>();
                for seed in 2..4 {
                    let (queue, got) = (&queue, &got);
                    scope.spawn(move || consume(queue, got, &mut Random(seed)));
                }
                producers.into_iter().for_each(|producer| producer.join().unwrap());
                queue.join_blocking();
                assert_eq!(queue.shutdown(true), [], "all were done");
            });
            assert_eq!(put.into_inner(), got.into_inner());
        }
    });
}

/// Puts the numbers from one up, and adds up those that went in.
fn produce(queue: &Queue<usize>, sum: &AtomicUsize, random: &mut Random) {
    for item in 1..=ROUNDS {
        let put = match random.below(4) {
            0 => queue.put_blocking(item).is_ok(),
            1 => queue.put_nowait(item).is_ok(),
            2 => queue.put_timeout(item, SHORT).is_ok(),
            _ => poll_once(queue.put(item)).is_some(),
        };
        sum.fetch_add(if put { item } else { 0 }, Ordering::Relaxed);
    }
}

/// Adds up what comes out, until the queue is shut down.
fn consume(queue: &Queue<usize>, sum: &AtomicUsize, random: &mut Random) {
    loop {
        let got = match random.below(4) {
            0 => queue.get_blocking(),
            1 => queue.get_nowait().or(Ok(0)),
            2 => queue.get_timeout(SHORT).or(Ok(0)),
            _ => poll_once(queue.get()).unwrap_or(Ok(0)),
        };
        match got {
            Ok(0) => {}
            Ok(item) => {
                sum.fetch_add(item, Ordering::Relaxed);
                queue.task_done().unwrap();
            }
            Err(QueueShutDown(())) => return,
        }
    }
}

#[test]
fn an_event_that_is_set_releases_every_thread_also_when_it_is_cleared_at_once() {
    in_bounded_time(|| {
        let (event, waiting) = (Event::new(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..500 {
                        // Else a poll that is pending for want of budget would be taken for one that has joined the line.
                        contract::budget::enter_step();
                        let mut wait = event.wait();
                        // In line from here on, if it was not set: only then may the other side pulse.
                        let early = poll_once(&mut wait).is_some();
                        waiting.fetch_add(1, Ordering::SeqCst);
                        if !early {
                            contract::block_on(wait);
                        }
                    }
                });
            }
            let all = 500 * usize::try_from(THREADS).unwrap();
            let mut released = 0;
            while released < all {
                let seen = waiting.load(Ordering::SeqCst);
                if seen > released {
                    released = seen;
                    event.set();
                    event.clear();
                } else {
                    thread::yield_now();
                }
            }
        });
    });
}
