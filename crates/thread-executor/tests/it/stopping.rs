//! Work that is asked to stop while it runs.

use crate::{LONG, output, pool, start};
use std::sync::mpsc::channel;
use std::thread;
use thread_executor::{Cancel, Drain, Executor, JobError, Shutdown, Stop, StopToken, Submit, checkpoint};

/// Runs until it is asked to stop, and says why; tells when it has begun.
fn until_stopped(begins: std::sync::mpsc::Sender<()>) -> Stop {
    begins.send(()).expect("the test listens");
    loop {
        if let Err(stop) = checkpoint() {
            return stop;
        }
        thread::yield_now();
    }
}

#[test]
fn outside_of_any_job_nothing_asks_to_stop() {
    assert_eq!(checkpoint(), Ok(()));
    assert_eq!(StopToken::current().checkpoint(), Ok(()));
}

#[test]
fn a_job_that_is_cancelled_while_it_runs_learns_of_it_at_its_next_checkpoint() {
    let pool = pool(1, 8);
    let (begins, begun) = channel();
    let job = start(&pool, move || until_stopped(begins));
    begun.recv_timeout(LONG).expect("it begins");
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert_eq!(output(job), Stop::Cancelled);
    assert_eq!(output(start(&pool, checkpoint)), Ok(()), "the next job was not asked");
}

#[test]
fn a_job_whose_deadline_passes_while_it_runs_may_stop_and_its_thread_is_lost_until_then() {
    let pool = pool(1, 8);
    let mut deadline = std::time::Duration::from_millis(5);
    // On a busy machine the deadline may come before the start: then once more, with more time.
    let (stopped, begun) = loop {
        let (tells, stopped) = channel();
        let (begins, begun) = channel();
        let options = Submit::new().deadline(deadline);
        let job = pool
            .try_submit_with(move || tells.send(until_stopped(begins)).expect("the test listens"), options)
            .expect("there is room");
        match crate::error(job) {
            JobError::Deadline { started: true } => break (stopped, begun),
            JobError::Deadline { started: false } => deadline *= 2,
            other => panic!("{other}"),
        }
    };
    begun.recv_timeout(LONG).expect("it began");
    assert_eq!(stopped.recv_timeout(LONG), Ok(Stop::Deadline));
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    assert_eq!(pool.stats().abandoned, 0);
}

#[test]
fn another_thread_stands_in_for_one_that_is_lost() {
    let pool = pool(1, 8);
    let mut gate = crate::gate::Gate::new();
    let mut deadline = std::time::Duration::from_millis(5);
    let mut lost = 0;
    while lost == 0 {
        let options = Submit::new().deadline(deadline);
        let job = pool.try_submit_with(gate.work(), options).expect("there is room");
        lost += usize::from(matches!(crate::error(job), JobError::Deadline { started: true }));
        deadline *= 2;
    }
    // The outcome is seen a moment before the pool counts it.
    assert_eq!(output(start(&pool, || 7)), 7);
    let stats = pool.stats();
    assert_eq!((stats.abandoned, stats.threads, stats.running), (1, 2, 1));
    gate.open();
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    assert_eq!(pool.stats().abandoned, 0);
}

#[test]
fn a_token_carries_the_question_to_other_threads() {
    let pool = pool(1, 8);
    let (sends, tokens) = channel();
    let (begins, begun) = channel();
    let job = start(&pool, move || {
        sends.send(StopToken::current()).expect("the test listens");
        until_stopped(begins)
    });
    let token = tokens.recv_timeout(LONG).expect("it begins");
    begun.recv_timeout(LONG).expect("it begins");
    assert_eq!(token.checkpoint(), Ok(()));
    job.cancel();
    assert_eq!(token.checkpoint(), Err(Stop::Cancelled));
    assert_eq!(output(job), Stop::Cancelled);
}

#[test]
fn a_job_that_ran_another_in_its_wait_asks_for_itself_again_afterwards() {
    let pool = pool(1, 8);
    let within = pool.clone();
    let (begins, begun) = channel();
    let outer = start(&pool, move || {
        let inner = start(&within, checkpoint);
        assert_eq!(inner.wait().expect("it has an output"), Ok(()));
        until_stopped(begins)
    });
    begun.recv_timeout(LONG).expect("it begins");
    outer.cancel();
    assert_eq!(output(outer), Stop::Cancelled);
}
