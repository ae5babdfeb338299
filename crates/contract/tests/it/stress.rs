//! Many threads at once, for what the models are too small to show.

use crate::by_hand::{ByHand, poll};
use contract::{Cancel, ExecutorExt, JobError, Submit, block_on};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

const SUBMITTERS: usize = 4;
const JOBS_EACH: usize = 2_000;

/// Submits `JOBS_EACH` jobs to a queue that is mostly full: some are waited for, some cancelled, some detached, and some
/// submissions given up half way. Gives how many of its jobs were accepted and not cancelled.
fn submit_all(executor: &ByHand, ran: &Arc<AtomicUsize>, first: usize) -> usize {
    let mut wanted = 0;
    for n in first..first + JOBS_EACH {
        let ran = ran.clone();
        let mut submitting = executor.submit_with(
            move || {
                ran.fetch_add(1, SeqCst);
                n
            },
            Submit::new(),
        );
        if n % 5 == 0 && poll(&mut submitting).is_pending() {
            continue;
        }
        if n % 5 == 0 {
            // It was accepted in the one poll, and its job was detached there.
            wanted += 1;
            continue;
        }
        let job = block_on(submitting).expect("it never shuts down");
        match n % 5 {
            1 if job.cancel() == Cancel::Dequeued => {
                assert!(matches!(job.wait(), Err(JobError::Cancelled { started: false })));
                continue;
            }
            2 => job.detach(),
            _ => assert_eq!(job.wait().expect("nobody cancels it"), n),
        }
        wanted += 1;
    }
    wanted
}

#[test]
fn whatever_many_threads_submit_cancel_and_give_up_no_place_and_no_job_is_lost() {
    let executor = ByHand::new(2);
    let ran = Arc::new(AtomicUsize::new(0));
    let over = AtomicBool::new(false);
    let wanted = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    if !executor.run_next() {
                        thread::yield_now();
                    }
                }
            });
        }
        let submitters: Vec<_> = (0..SUBMITTERS)
            .map(|n| {
                let (executor, ran) = (&executor, &ran);
                scope.spawn(move || submit_all(executor, ran, n * JOBS_EACH))
            })
            .collect();
        let wanted: usize = submitters.into_iter().map(|submitter| submitter.join().unwrap()).sum();
        over.store(true, SeqCst);
        wanted
    });
    while executor.run_next() {}
    assert_eq!(ran.load(SeqCst), wanted);
    assert_eq!(executor.slots.free(), 2);
}
