//! What costs no allocation, once the loop has had as much at a time.

#[path = "../../../contract/tests/counting/allocator.rs"]
mod allocator;

use crate::run;
use allocator::count;
use core_loop::{Loop, spawn, yield_now};
use std::cell::Cell;

const AT_ONCE: usize = 100;

/// How many allocations a round takes on this thread once one was made.
async fn allocations_of_a_round(round: impl AsyncFn()) -> usize {
    round().await;
    let mut least = usize::MAX;
    // What a loop keeps from its first look at the world on may fall into any round, on a machine that stands still.
    for _ in 0..3 {
        let before = count();
        round().await;
        least = least.min(count() - before);
    }
    least
}

#[test]
fn a_small_callback_allocates_nothing() {
    thread_local! {
        static CALLED: Cell<usize> = const { Cell::new(0) };
    }
    let allocations = run(allocations_of_a_round(async || {
        for number in 0..AT_ONCE {
            let captured = [number; 3];
            Loop::current().call_soon(move || CALLED.set(CALLED.get() + captured[2]));
        }
        yield_now().await;
    }));
    assert_eq!(CALLED.get(), 4 * (0..AT_ONCE).sum::<usize>(), "they were called");
    assert_eq!(allocations, 0);
    assert_eq!(run(allocations_of_a_round(async || drop(Box::new(1)))), 1, "the counter counts");
}

#[test]
fn a_task_in_the_place_of_one_that_ended_allocates_nothing() {
    let allocations = run(allocations_of_a_round(async || {
        for number in 0..AT_ONCE {
            assert_eq!(spawn(async move { number }).await.unwrap(), number);
        }
    }));
    assert_eq!(allocations, 0);
}
