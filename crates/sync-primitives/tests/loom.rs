//! The primitives under every interleaving of two or three threads.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p anyloop-sync-primitives --test loom --release`
//!
//! What each model asserts beyond its assertions: it ends. A lost wake-up is a deadlock, which loom reports.
#![cfg(loom)]

use contract::{Executor, ExecutorExt, Job, Place, Rejected, Room, Submit, block_on};
use loom::cell::Cell;
use loom::thread;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use sync_primitives::{Event, Limited, Lock, Queue, QueueShutDown, Semaphore};

/// Runs `body` under every interleaving.
fn model(body: impl Fn() + Sync + Send + 'static) {
    loom::model(move || {
        // Loom's threads share one real thread, and with it the step budget, which must not differ between runs.
        contract::budget::enter_step();
        body();
    });
}

/// Polls once, with nobody to wake.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_lock_orders_its_holders() {
    // Loom's cell fails the model if two threads reach it at once or unordered.
    model(|| {
        let lock = Arc::new(Lock::new(Cell::new(0)));
        let add = |lock: &Lock<Cell<u32>>| {
            let guard = block_on(lock.lock());
            guard.set(guard.get() + 1);
        };
        let other = thread::spawn({
            let lock = lock.clone();
            move || add(&lock)
        });
        add(&lock);
        if let Some(guard) = lock.try_lock() {
            guard.set(guard.get());
        }
        other.join().unwrap();
        assert_eq!(block_on(lock.lock_owned()).get(), 2);
    });
}

#[test]
fn three_threads_on_a_lock_are_all_served() {
    model(|| {
        let lock = Arc::new(Lock::new(Cell::new(0)));
        let add = |lock: Arc<Lock<Cell<u32>>>| {
            move || {
                let guard = block_on(lock.lock());
                guard.set(guard.get() + 1);
            }
        };
        let others = [thread::spawn(add(lock.clone())), thread::spawn(add(lock.clone()))];
        add(lock.clone())();
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(block_on(lock.lock()).get(), 3);
    });
}

#[test]
fn a_turn_handed_to_a_waiter_that_is_dropped_passes_on() {
    model(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.try_lock_owned().unwrap();
        let mut dropped = lock.lock_owned();
        assert!(poll_once(&mut dropped).is_pending());
        let releases = thread::spawn(move || drop(held));
        let waits = thread::spawn({
            let lock = lock.clone();
            move || drop(block_on(lock.lock()))
        });
        drop(dropped);
        releases.join().unwrap();
        waits.join().unwrap();
        assert!(!lock.locked());
    });
}

#[test]
fn a_permit_handed_to_a_waiter_that_is_dropped_passes_on() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut dropped = semaphore.acquire_owned();
        assert!(poll_once(&mut dropped).is_pending());
        let waits = thread::spawn({
            let semaphore = semaphore.clone();
            move || block_on(semaphore.acquire()).forget()
        });
        let releases = thread::spawn({
            let semaphore = semaphore.clone();
            move || semaphore.release()
        });
        drop(dropped);
        releases.join().unwrap();
        waits.join().unwrap();
        assert_eq!(semaphore.available(), 0);
    });
}

#[test]
fn two_permits_released_at_once_serve_two_waiters() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let take = |semaphore: Arc<Semaphore>| move || block_on(semaphore.acquire()).forget();
        let takers = [thread::spawn(take(semaphore.clone())), thread::spawn(take(semaphore.clone()))];
        semaphore.release();
        semaphore.release();
        for taker in takers {
            taker.join().unwrap();
        }
        assert_eq!(semaphore.available(), 0);
    });
}

#[test]
fn an_event_releases_whoever_waits_whenever_it_is_set() {
    model(|| {
        let event = Arc::new(Event::new());
        let data = Arc::new(loom::sync::atomic::AtomicUsize::new(0));
        let waits = thread::spawn({
            let (event, data) = (event.clone(), data.clone());
            move || {
                block_on(event.wait());
                assert_eq!(
                    data.load(loom::sync::atomic::Ordering::Relaxed),
                    1,
                    "a set publishes what came before it"
                );
            }
        });
        data.store(1, loom::sync::atomic::Ordering::Relaxed);
        event.set();
        waits.join().unwrap();
    });
}

#[test]
fn a_pulse_releases_those_in_line_also_while_another_is_dropped() {
    model(|| {
        let event = Arc::new(Event::new());
        let mut first = event.wait();
        let mut second = event.wait();
        assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
        let pulses = thread::spawn({
            let event = event.clone();
            move || {
                event.set();
                event.clear();
            }
        });
        drop(first);
        block_on(second);
        pulses.join().unwrap();
    });
}

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

/// Each job on a thread of its own.
struct ThreadPerJob;

impl<F: FnOnce() -> R + Send + 'static, R: Send + 'static> Executor<F> for ThreadPerJob {
    type Output = R;

    fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<R>, Rejected<F>> {
        let (runnable, job) = Job::package(work, &options, Place::none(), ());
        drop(thread::spawn(move || runnable.run()));
        Ok(job)
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

#[test]
fn work_of_a_limited_executor_never_overlaps_and_the_permit_always_comes_back() {
    model(|| {
        let limited = Limited::new(ThreadPerJob, std::num::NonZeroUsize::MIN);
        let data = Arc::new(Lock::new(0));
        let work = || {
            let data = data.clone();
            move || *data.try_lock().expect("one at a time") += 1
        };
        // Dropped: the permit must be held for the work all the same.
        drop(limited.try_submit(work()).unwrap());
        let second = block_on(limited.submit(work())).unwrap();
        block_on(second).unwrap();
        assert!(!limited.semaphore().locked(), "whoever sees the outcome finds the permit free");
        assert_eq!(*data.try_lock().unwrap(), 2);
    });
}
