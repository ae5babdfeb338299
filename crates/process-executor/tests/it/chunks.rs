//! Many short calls in few jobs.

use crate::help::{death, pid_of, pool};
use process_executor::{JobError, ProcessPool};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("it is not zero")
}

fn outcomes(pool: &ProcessPool, chunk: usize) -> Vec<u64> {
    let doubles = pool.map_chunks(|n: u64| n * 2, 0..10, number(chunk), number(2));
    doubles.blocking().map(|outcome| outcome.expect("it runs")).collect()
}

#[test]
fn chunks_that_divide_do_not_divide_or_exceed_the_input_give_the_same_outcomes() {
    let pool = pool(2);
    let expected: Vec<u64> = (0..10).map(|n| n * 2).collect();
    for (chunk, jobs) in [(1, 10), (5, 2), (3, 4), (10, 1), (1000, 1)] {
        let before = pool.stats().submitted;
        assert_eq!(outcomes(&pool, chunk), expected, "in chunks of {chunk}");
        assert_eq!(pool.stats().submitted - before, jobs, "in chunks of {chunk}");
    }
    let none = pool.map_chunks(|n: u64| n, std::iter::empty(), number(3), number(2));
    assert_eq!(none.blocking().count(), 0);
}

#[test]
fn a_call_that_panics_fails_alone_and_a_worker_that_dies_fails_its_chunk() {
    let pool = pool(1);
    let work = |n: u32| match n {
        1 => panic!("number {n}"),
        4 => std::process::abort(),
        n => n,
    };
    let mut all = pool.map_chunks(work, 0..9, number(3), number(1)).blocking();
    let mut next = || all.next().expect("there are nine");
    assert_eq!(next().ok(), Some(0));
    assert!(matches!(next(), Err(JobError::Panicked(panic)) if panic.message() == "number 1"));
    assert_eq!(next().ok(), Some(2));
    let pids: BTreeSet<u32> = (3..6).map(|_| death(next()).pid).collect();
    assert_eq!(pids.len(), 1, "all three are told of the one death");
    assert_eq!([next().ok(), next().ok(), next().ok()], [Some(6), Some(7), Some(8)]);
    assert!(all.next().is_none());
    pid_of(&pool);
}

#[test]
fn endless_arguments_are_pulled_as_outcomes_are_taken() {
    let pool = pool(1);
    let first: Vec<u64> = pool
        .map_chunks(|n: u64| n, 0.., number(10), number(2))
        .blocking()
        .take(35)
        .map(|outcome| outcome.expect("it runs"))
        .collect();
    assert_eq!(first, (0..35).collect::<Vec<_>>());
    assert!(pool.stats().submitted <= 6, "four chunks were needed, and two are ahead");
}
