//! The primitives under every interleaving of two or three threads.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p anyloop-sync-primitives --test loom --release`
//!
//! What each model asserts beyond its assertions: it ends. A lost wake-up is a deadlock, which loom reports.
#![cfg(loom)]

// The mutex is modelled by itself, and the primitives with loom's in its place.
#[path = "../../src/brief.rs"]
#[expect(unreachable_pub, reason = "in the crate it is a part of a trait")]
mod brief;
mod queue;
#[path = "../../src/sync.rs"]
#[expect(dead_code, unused_imports, reason = "the mutex takes a part of it")]
mod sync;

use contract::{Executor, ExecutorExt, Job, Place, Rejected, Room, Submit, block_on};
use loom::cell::Cell;
use loom::thread;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use sync_primitives::{
    AcquireError, Barrier, BoundedSemaphore, CapacityLimiter, Condition, Event, Limited, Lock, Semaphore,
};

/// Runs `body` under every interleaving.
fn model(body: impl Fn() + Sync + Send + 'static) {
    loom::model(move || {
        // Loom's threads share one real thread, and with it the step budget, which must not differ between runs.
        contract::budget::enter_step();
        body();
    });
}

/// Runs `body` under every interleaving with at most two preemptions, which for three threads that wait are enough to try.
fn model_of_three(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        contract::budget::enter_step();
        body();
    });
}

/// Polls once, with nobody to wake.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_mutex_under_all_lets_one_in_at_a_time_and_orders_them() {
    // Of two: three who look again and again have no end of orders.
    model(|| {
        let brief = Arc::new(brief::Brief::new(Cell::new(0)));
        let add = |brief: &brief::Brief<Cell<u32>>| {
            let guard = brief.lock();
            guard.set(guard.get() + 1);
        };
        let other = thread::spawn({
            let brief = brief.clone();
            move || (add(&brief), add(&brief))
        });
        add(&brief);
        add(&brief);
        other.join().unwrap();
        assert_eq!(brief.lock().get(), 4);
    });
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
    model_of_three(|| {
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
    model_of_three(|| {
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
fn a_release_that_meets_a_newcomer_is_seen_by_one_of_them() {
    // The word says that there is no permit, and the newcomer joins, while the permit comes back without the mutex.
    model(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.try_acquire_owned().unwrap();
        let waits = thread::spawn({
            let semaphore = semaphore.clone();
            move || drop(block_on(semaphore.acquire()))
        });
        drop(held);
        waits.join().unwrap();
        assert_eq!(semaphore.available(), 1);
    });
}

#[test]
fn a_notification_reaches_one_of_two_who_wait_also_while_the_other_is_dropped() {
    model(|| {
        let (lock, condition) = (Arc::new(Lock::new(())), Arc::new(Condition::new()));
        let mut dropped = condition.wait(lock.try_lock_owned().unwrap());
        assert!(poll_once(&mut dropped).is_pending());
        let mut served = condition.wait(lock.try_lock_owned().unwrap());
        assert!(poll_once(&mut served).is_pending());
        let notifies = thread::spawn({
            let condition = condition.clone();
            move || condition.notify(1)
        });
        drop(dropped);
        drop(block_on(served));
        notifies.join().unwrap();
        assert!(!lock.locked());
    });
}

#[test]
fn a_change_under_the_lock_is_never_missed_by_one_who_waits_for_it() {
    model(|| {
        let (lock, condition) = (Arc::new(Lock::new(false)), Arc::new(Condition::new()));
        let waits = thread::spawn({
            let (lock, condition) = (lock.clone(), condition.clone());
            move || assert!(*block_on(condition.wait_for(block_on(lock.lock_owned()), |changed| *changed)))
        });
        *block_on(lock.lock()) = true;
        condition.notify(1);
        waits.join().unwrap();
    });
}

#[test]
fn a_round_is_passed_by_all_with_an_index_each() {
    model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let other = thread::spawn({
            let barrier = barrier.clone();
            move || block_on(barrier.wait()).unwrap()
        });
        let index = block_on(barrier.wait()).unwrap();
        assert_eq!(index + other.join().unwrap(), 1);
        assert_eq!(barrier.n_waiting(), 0);
    });
}

#[test]
fn an_arrival_that_is_dropped_while_the_round_fills_is_counted_or_taken_back() {
    model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let mut dropped = barrier.wait();
        assert!(poll_once(&mut dropped).is_pending());
        let tries = thread::spawn({
            let barrier = barrier.clone();
            move || barrier.try_wait().unwrap().is_some()
        });
        drop(dropped);
        let passed = tries.join().unwrap();
        assert_eq!(barrier.n_waiting(), 0, "passed: {passed}");
    });
}

#[test]
fn an_abort_ends_the_wait_of_a_round_that_is_not_complete() {
    model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let waits = thread::spawn({
            let barrier = barrier.clone();
            move || block_on(barrier.wait()).is_err()
        });
        barrier.abort();
        assert!(waits.join().unwrap());
    });
}

#[test]
fn a_close_ends_every_wait_and_no_permit_is_lost() {
    model(|| {
        let semaphore = Arc::new(BoundedSemaphore::new(1));
        let held = semaphore.try_acquire().unwrap();
        let waits = thread::spawn({
            let semaphore = semaphore.clone();
            move || match block_on(semaphore.acquire()) {
                Ok(_) | Err(AcquireError::Closed) => {}
                Err(error) => panic!("{error}"),
            }
        });
        drop(held);
        semaphore.close();
        waits.join().unwrap();
        assert_eq!(semaphore.available(), 1);
    });
}

#[test]
fn a_total_that_is_lowered_while_a_token_comes_back_ends_as_it_should() {
    model(|| {
        let limiter = Arc::new(CapacityLimiter::new(1));
        let held = limiter.try_acquire().unwrap();
        let lowers = thread::spawn({
            let limiter = limiter.clone();
            move || limiter.set_total_tokens(0)
        });
        drop(held);
        lowers.join().unwrap();
        assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (0, 0));
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
    model_of_three(|| {
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
