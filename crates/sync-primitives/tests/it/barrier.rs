//! The barrier: rounds, indices, and how it breaks.

use crate::harness::{Hand, Tasks, Trace, in_bounded_time, panic_of, panic_on_a_loop, yield_now};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use sync_primitives::{Barrier, BrokenBarrierError};

async fn party(name: &str, barrier: &Barrier, trace: &Trace) {
    match barrier.wait().await {
        Ok(index) => trace.log(format_args!("{name}:{index}")),
        Err(BrokenBarrierError) => trace.log(format_args!("{name}:broken")),
    }
}

#[test]
fn all_pass_together_with_an_index_each_in_the_order_of_arrival_again_and_again() {
    let (barrier, trace) = (Barrier::new(3), Trace::default());
    for _ in 0..3 {
        let mut tasks = Tasks::default();
        for name in ["a", "b"] {
            tasks.spawn(party(name, &barrier, &trace));
        }
        tasks.run();
        assert_eq!((trace.take().as_str(), barrier.n_waiting()), ("", 2));
        tasks.spawn(party("c", &barrier, &trace));
        tasks.run();
        assert_eq!(trace.take(), "c:2 a:0 b:1");
        assert_eq!(barrier.n_waiting(), 0);
    }
}

#[test]
fn an_arrival_that_is_dropped_is_taken_back_and_indices_stay_unique() {
    let (barrier, trace) = (Barrier::new(3), Trace::default());
    let mut tasks = Tasks::default();
    let dropped = tasks.spawn(party("dropped", &barrier, &trace));
    tasks.spawn(party("a", &barrier, &trace));
    tasks.run();
    tasks.cancel(dropped);
    assert_eq!((barrier.n_waiting(), barrier.broken()), (1, false));
    tasks.spawn(party("b", &barrier, &trace));
    tasks.run();
    assert_eq!(trace.take(), "", "one is missing");
    tasks.spawn(party("c", &barrier, &trace));
    tasks.run();
    assert_eq!(trace.take(), "c:2 a:0 b:1");
}

#[test]
fn whoever_is_dropped_after_its_round_is_complete_changes_nothing() {
    let barrier = Barrier::new(2);
    let first = Hand::waiting(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    drop(first);
    assert_eq!(barrier.n_waiting(), 0);
}

#[test]
fn whoever_comes_back_waits_for_the_next_round_also_while_others_have_not_left() {
    let barrier = Barrier::new(2);
    let mut slow = Hand::waiting(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    let mut again = Hand::waiting(barrier.wait());
    assert_eq!(barrier.n_waiting(), 1);
    assert_eq!(slow.poll(), Some(Ok(0)));
    assert_eq!(again.poll(), None);
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    assert_eq!(again.poll(), Some(Ok(0)));
}

#[test]
fn a_reset_breaks_those_who_wait_and_nobody_else() {
    let barrier = Barrier::new(2);
    let mut passed = Hand::waiting(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    let mut waits = Hand::waiting(barrier.wait());
    barrier.reset();
    assert_eq!((waits.poll(), passed.poll()), (Some(Err(BrokenBarrierError)), Some(Ok(0))));
    assert!(!barrier.broken() && barrier.n_waiting() == 0);
    let mut waits = Hand::waiting(barrier.wait());
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(1)));
    assert_eq!(waits.poll(), Some(Ok(0)));
}

#[test]
fn an_abort_breaks_everybody_until_a_reset() {
    let barrier = Barrier::new(2);
    let mut waits = Hand::waiting(barrier.wait());
    barrier.abort();
    assert!(barrier.broken());
    assert_eq!(waits.poll(), Some(Err(BrokenBarrierError)));
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Err(BrokenBarrierError)));
    assert_eq!(barrier.try_wait(), Err(BrokenBarrierError));
    barrier.reset();
    assert_eq!(barrier.try_wait(), Ok(None));
    drop(Hand::waiting(barrier.wait()));
}

#[test]
fn the_last_to_arrive_may_try_and_the_others_may_not() {
    let barrier = Barrier::new(2);
    assert_eq!((barrier.try_wait(), barrier.n_waiting()), (Ok(None), 0));
    let mut waits = Hand::waiting(barrier.wait());
    assert_eq!(barrier.try_wait(), Ok(Some(1)));
    assert_eq!(waits.poll(), Some(Ok(0)));
}

#[test]
fn a_barrier_of_one_never_waits_and_one_of_zero_is_refused() {
    let barrier = Barrier::new(1);
    assert_eq!(Hand::new(barrier.wait()).poll(), Some(Ok(0)));
    assert_eq!(barrier.wait_blocking(), Ok(0));
    assert!(panic_of(|| Barrier::new(0)).contains("give it the number of those who will wait"));
}

#[test]
fn a_deadline_takes_the_arrival_back() {
    let barrier = Barrier::new(2);
    assert_eq!(barrier.wait_timeout(Duration::from_millis(1)), Ok(None));
    assert_eq!((barrier.n_waiting(), barrier.broken()), (0, false));
    let waits = Hand::waiting(barrier.wait());
    assert_eq!(barrier.wait_timeout(Duration::MAX), Ok(Some(1)));
    drop(waits);
    barrier.abort();
    assert_eq!(barrier.wait_timeout(Duration::MAX), Err(BrokenBarrierError));
}

#[test]
fn blocking_on_a_loops_thread_panics_and_names_the_cure() {
    let message = panic_on_a_loop(|| Barrier::new(1).wait_blocking());
    assert!(message.contains("`.await` it instead"), "{message}");
}

#[test]
fn threads_and_tasks_pass_round_after_round_together() {
    const ROUNDS: usize = 200;
    in_bounded_time(|| {
        let (barrier, arrived) = (Barrier::new(4), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for party in 0..4 {
                let (barrier, arrived) = (&barrier, &arrived);
                scope.spawn(move || {
                    for round in 1..=ROUNDS {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        let passed = if party % 2 == 0 {
                            barrier.wait_blocking()
                        } else {
                            contract::block_on(async {
                                yield_now().await;
                                barrier.wait().await
                            })
                        };
                        assert!(passed.unwrap() < 4);
                        assert!(arrived.load(Ordering::SeqCst) >= 4 * round, "all have arrived");
                    }
                });
            }
        });
    });
}
