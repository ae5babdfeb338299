//! Pools, calls and what comes of them, for all tests.

use interpreter_executor::{
    Builder, Executor, ExecutorExt, GuestCall, GuestError, InterpreterPool, Job, JobError, Module,
};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Longer than anything here takes; only a hang reaches it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn count(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("a number above zero")
}

/// A pool of this many threads, to be described further.
pub(crate) fn threads(threads: usize) -> Builder {
    crate::builder().threads(count(threads)).queue(count(2048))
}

/// A pool of one thread, with a module of this text.
#[track_caller]
pub(crate) fn loaded(builder: Builder, text: &str) -> (InterpreterPool, Module) {
    let pool = builder.build();
    let module = pool.load(crate::guests::module(text)).expect("it is a module");
    (pool, module)
}

/// Accepts a call, for which there must be room.
#[track_caller]
pub(crate) fn start<W>(pool: &InterpreterPool, call: W) -> Job<<InterpreterPool as Executor<W>>::Output>
where
    InterpreterPool: Executor<W>,
{
    pool.try_submit(call).expect("there is room")
}

/// What a call gives, which must be soon.
#[track_caller]
pub(crate) fn outcome(pool: &InterpreterPool, call: GuestCall) -> Result<Vec<u8>, JobError> {
    ended(start(pool, call))
}

#[track_caller]
pub(crate) fn ended<R>(mut job: Job<R>) -> Result<R, JobError> {
    job.wait_timeout(LONG).expect("it ends")
}

/// What a call gives, which must be an output.
#[track_caller]
pub(crate) fn output(pool: &InterpreterPool, call: GuestCall) -> Vec<u8> {
    outcome(pool, call).expect("it has an output")
}

/// The guest's failure of a call, which must have one.
#[track_caller]
pub(crate) fn failure(pool: &InterpreterPool, call: GuestCall) -> GuestError {
    match outcome(pool, call) {
        Err(JobError::Guest(error)) => error,
        other => panic!("the guest did not fail: {other:?}"),
    }
}

/// No arguments.
pub(crate) const NONE: [&[u8]; 0] = [];
