//! The pool, tried from outside.

mod bounds;
mod children;
mod deadlines;
mod differential;
mod endings;
mod gate;
mod idle;
mod jobs;
mod limits;
mod priorities;
mod reference;
mod scopes;
mod stopping;
mod stress;
mod suite;
mod threads;
mod waits;

use contract::Job;
use std::num::NonZeroUsize;
use std::time::Duration;
use thread_executor::{Executor, ExecutorExt, ThreadPool};

/// Longer than anything here takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

fn count(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("a number above zero")
}

/// A pool of this many threads, with a queue for this many jobs.
fn pool(threads: usize, queue: usize) -> ThreadPool {
    ThreadPool::builder().threads(count(threads)).queue(count(queue)).build()
}

/// Accepts `work`, for which there must be room.
#[track_caller]
fn start<F, R>(pool: &ThreadPool, work: F) -> Job<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
    ThreadPool: Executor<F, Output = R>,
{
    pool.try_submit(work).expect("there is room")
}

/// The output of a job, which must have one soon.
#[track_caller]
fn output<R>(mut job: Job<R>) -> R {
    job.wait_timeout(LONG).expect("it ends").expect("it has an output")
}

/// The error of a job, which must have one soon.
#[track_caller]
fn error<R: std::fmt::Debug>(mut job: Job<R>) -> contract::JobError {
    job.wait_timeout(LONG).expect("it ends").expect_err("it has an error")
}
