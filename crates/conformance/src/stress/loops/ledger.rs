//! What is counted of a loop, and what must add up when it has ended.

use super::super::account::Count;
use super::{End, Ends};
use crate::Miss;
use crate::behaviour::{ensure, same};
use core_loop::JoinError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that happened on one loop.
#[derive(Default)]
pub(super) struct Ledger {
    /// Tasks spawned, and their futures dropped.
    pub(super) spawned: Count,
    pub(super) dropped: Arc<Count>,
    /// Futures dropped away from the loop's thread, although they are of a task, or of a job that has started.
    pub(super) astray: Arc<Count>,
    pub(super) finished: Count,
    pub(super) panicked: Count,
    /// Clean-ups that are owed, and that ended.
    pub(super) owed: Count,
    pub(super) cleaned_up: Count,
    /// Wakes that a thread gave to somebody who waits.
    pub(super) woken: Count,
    /// Calls that were sent and taken; those that ran, and those that were withdrawn in time.
    pub(super) calls: Count,
    pub(super) called: Count,
    pub(super) withdrawn: Count,
    /// Calls, dropped: sent, refused or withdrawn.
    pub(super) offered: Count,
    pub(super) calls_gone: Arc<Count>,
    /// Futures of jobs that threads offered, and those dropped.
    pub(super) futures: Count,
    pub(super) futures_gone: Arc<Count>,
    /// Jobs that were taken, and their outcomes.
    pub(super) jobs: Count,
    pub(super) outputs: Count,
    pub(super) job_errors: Count,
    /// Promises that were broken, seen on one of the threads.
    pub(super) broken: Broken,
}

/// The first promise that was seen broken.
#[derive(Default)]
pub(super) struct Broken(Mutex<Option<String>>);

impl Broken {
    pub(super) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what.into());
    }

    fn check(&self) -> Result<(), Miss> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.map_or(Ok(()), |what| Err(Miss::Fail(what)))
    }
}

impl Ledger {
    /// Everything adds up.
    pub(super) fn settle(&self, end: End) -> Result<Ends, Miss> {
        self.broken.check()?;
        same("futures dropped away from the loop's thread", self.astray.get(), 0)?;
        same("tasks dropped, of those spawned", self.dropped.get(), self.spawned.get())?;
        same("futures of jobs dropped, of those offered", self.futures_gone.get(), self.futures.get())?;
        let (owed, cleaned_up) = (self.owed.get(), self.cleaned_up.get());
        if end == End::ClosedAtOnce {
            ensure(cleaned_up <= owed, format!("{cleaned_up} clean-ups ran, {owed} were owed"))?;
        } else {
            same("clean-ups that ran, of those owed", cleaned_up, owed)?;
        }
        same("calls dropped, of those offered", self.calls_gone.get(), self.offered.get())?;
        let (calls, called) = (self.calls.get(), self.called.get() + self.withdrawn.get());
        ensure(called <= calls, format!("{calls} calls were taken, {called} ran or were withdrawn"))?;
        let ended = self.outputs.get() + self.job_errors.get();
        same("jobs with an outcome, of those taken", ended, self.jobs.get())?;
        let (finished, panicked) = (self.finished.get(), self.panicked.get());
        let count = |count: u32| u64::from(count);
        Ok(Ends::from([
            ("tasks finished", count(finished)),
            ("tasks panicked", count(panicked)),
            ("tasks dropped unfinished", count(self.spawned.get() - finished - panicked)),
            ("clean-ups", count(cleaned_up)),
            ("wakes from threads", count(self.woken.get())),
            ("calls from threads", count(self.called.get())),
            ("calls withdrawn or cut off by the close", count(calls - self.called.get())),
            ("jobs with an output", count(self.outputs.get())),
            ("jobs with an error", count(self.job_errors.get())),
        ]))
    }
}

/// The account of one task.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) number: u64,
    /// Somebody cancelled it, or may have: it was being awaited by a task that was cancelled.
    may_be_cancelled: AtomicBool,
    finished: AtomicBool,
    panics: AtomicBool,
}

// All on the loop's thread: the atomics are there because a task that leaked to another thread must be seen, not be a race.
impl Record {
    pub(super) fn new(number: u64) -> Arc<Self> {
        Arc::new(Self { number, ..Self::default() })
    }

    pub(super) fn may_be_cancelled(&self) {
        self.may_be_cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn finishes(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    pub(super) fn panics(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }

    /// Whether the outcome is one that this history allows; `end` says how the loop ended, if it did.
    pub(super) fn judge(&self, outcome: &Result<u64, JoinError>, end: Option<End>) -> Result<(), Miss> {
        let (finished, panics) = (self.finished.load(Ordering::Relaxed), self.panics.load(Ordering::Relaxed));
        let allowed = match outcome {
            Ok(number) => finished && *number == self.number,
            Err(JoinError::Cancelled(_)) => end.is_some() || self.may_be_cancelled.load(Ordering::Relaxed),
            Err(JoinError::Panicked(_)) => panics,
            Err(JoinError::Shutdown) => end == Some(End::ClosedAtOnce) && !finished,
            Err(_) => false,
        };
        ensure(allowed, format!("a task with the history {self:?}, ended {end:?}, gave {outcome:?}"))
    }
}
