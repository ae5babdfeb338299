//! Lanes, and what is known of them.

use crate::gate::Gate;
use crate::{LONG, output, pool, start};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thread_executor::{Executor, Job, Priority, Submit, ThreadPool};

fn first<R: Send + 'static>(
    pool: &ThreadPool,
    priority: Priority,
    work: impl FnOnce() -> R + Send + 'static,
) -> Job<R> {
    pool.try_submit_with(work, Submit::new().priority(priority)).expect("there is room")
}

#[test]
fn jobs_start_by_priority_and_within_one_in_the_order_of_submission() {
    let pool = pool(1, 64);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut jobs = Vec::new();
    for number in 0..5 {
        for priority in [Priority::Low, Priority::Normal, Priority::High] {
            let order = order.clone();
            jobs.push(first(&pool, priority, move || {
                order.lock().expect("nobody panics here").push((priority, number));
            }));
        }
    }
    let stats = pool.stats();
    let queued =
        [Priority::High, Priority::Normal, Priority::Low].map(|priority| stats.lane(priority).queued);
    assert_eq!((queued, stats.queued), ([5, 5, 5], 15));
    gate.open();
    held.into_iter().chain(jobs).for_each(output);
    let order = order.lock().expect("nobody panics here");
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_low_job_starts_within_the_bound_under_endless_high_load() {
    let pool = pool(1, 256);
    let mut gate = Gate::new();
    let held = gate.hold(&pool, 1);
    let high = Arc::new(AtomicUsize::new(0));
    // Each high job is replaced by another before it ends, so the lane never runs dry.
    fn again(pool: &ThreadPool, high: &Arc<AtomicUsize>) {
        let (within, counter) = (pool.clone(), high.clone());
        first(pool, Priority::High, move || {
            if counter.fetch_add(1, Ordering::Relaxed) < 10_000 {
                again(&within, &counter);
            }
        })
        .detach();
    }
    (0..10).for_each(|_| again(&pool, &high));
    let seen = high.clone();
    let low = first(&pool, Priority::Low, move || seen.load(Ordering::Relaxed));
    let seen = high.clone();
    let normal = first(&pool, Priority::Normal, move || seen.load(Ordering::Relaxed));
    gate.open();
    let (low, normal) = (output(low), output(normal));
    assert!(low <= 34 && normal <= 34, "after {low} and {normal} jobs of higher priority");
    held.into_iter().for_each(output);
}

#[test]
fn histograms_tell_how_long_jobs_waited_and_ran() {
    let pool = pool(2, 64);
    let nap = Duration::from_millis(5);
    let jobs: Vec<_> = (0..4).map(|_| first(&pool, Priority::Low, move || std::thread::sleep(nap))).collect();
    jobs.into_iter().for_each(output);
    output(start(&pool, || ()));
    let stats = pool.stats();
    let low = stats.lane(Priority::Low);
    assert_eq!((low.run.count(), stats.lane(Priority::Normal).run.count()), (4, 1));
    assert!(low.run.quantile(0.0).expect("there are four") >= nap);
    assert!(low.wait.count() >= 1, "the first found a thread, and such are timed");
    assert!(stats.lane(Priority::High).run.quantile(0.5).is_none());
}

#[test]
fn numbers_agree_at_every_instant() {
    let pool = pool(2, 1024);
    let begin = std::time::Instant::now();
    std::thread::scope(|scope| {
        let submitter = scope.spawn(|| (0..2_000).map(|_| start_when_room(&pool)).for_each(output));
        let mut submitted = 0;
        while !submitter.is_finished() {
            assert!(begin.elapsed() < LONG);
            let stats = pool.stats();
            assert!(stats.submitted >= submitted, "{} after {submitted}", stats.submitted);
            submitted = stats.submitted;
            assert!(stats.running <= 2 && stats.idle <= stats.threads, "{stats:?}");
        }
    });
    let stats = pool.stats();
    assert_eq!((stats.submitted, stats.completed, stats.running, stats.queued), (2_000, 2_000, 0, 0));
}

fn start_when_room(pool: &ThreadPool) -> Job<()> {
    use thread_executor::{ExecutorExt, block_on};
    block_on(pool.submit(|| ())).expect("it is open")
}
