//! The history of one job: what was asked of it, and which outcomes that allows.

use super::super::account::Count;
use super::End;
use super::errand::{Fate, ON_PURPOSE};
use crate::Miss;
use crate::behaviour::{ensure, same};
use contract::{Cancel, JobError};
use std::sync::Arc;

/// What was asked of a job, and what was seen of it.
#[derive(Debug)]
pub(super) struct History {
    pub(super) number: u64,
    pub(super) fate: Fate,
    pub(super) deadline: bool,
    /// What the first cancel said that found it unfinished, or else the last.
    pub(super) cancel: Option<Cancel>,
    /// How often the work ran and was dropped: on this side of a border of processes.
    pub(super) runs: Arc<Count>,
    pub(super) gone: Arc<Count>,
    /// Guards attached, and dropped.
    pub(super) guards: u32,
    pub(super) guards_gone: Arc<Count>,
    /// Callbacks registered, and called.
    pub(super) callbacks: u32,
    pub(super) called: Arc<Count>,
}

impl History {
    pub(super) fn new(number: u64, fate: Fate, deadline: bool) -> Self {
        Self {
            number,
            fate,
            deadline,
            cancel: None,
            runs: Arc::default(),
            gone: Arc::default(),
            guards: 0,
            guards_gone: Arc::default(),
            callbacks: 0,
            called: Arc::default(),
        }
    }

    pub(super) fn was_cancelled(&mut self, said: Cancel) {
        if !matches!(self.cancel, Some(Cancel::Dequeued | Cancel::Signalled)) {
            self.cancel = Some(said);
        }
    }

    /// Whether the outcome is one that this history allows.
    pub(super) fn judge(&self, outcome: &Result<u64, JobError>, end: &End) -> Result<(), Miss> {
        let withdrawn = self.cancel == Some(Cancel::Dequeued);
        let signalled = self.cancel == Some(Cancel::Signalled);
        let allowed = match outcome {
            Ok(number) => self.fate == Fate::Returns && *number == self.number && !withdrawn,
            Err(JobError::Panicked(panic)) => {
                self.fate == Fate::Panics && panic.message() == ON_PURPOSE && !withdrawn
            }
            Err(JobError::Cancelled { started }) => {
                if *started {
                    signalled
                } else {
                    withdrawn
                }
            }
            Err(JobError::Deadline { .. }) => self.deadline && !withdrawn,
            Err(JobError::WorkerDied(_)) => self.fate == Fate::Exits && !withdrawn,
            Err(JobError::Shutdown { started }) => end.cuts_off(*started) && !withdrawn,
            Err(_) => false,
        };
        ensure(allowed, format!("ended by {end:?}, {self:?} gave {outcome:?}"))?;
        if !matches!(outcome, Err(JobError::Deadline { started: true })) {
            same("guards dropped before the outcome can be seen", self.guards_gone.get(), self.guards)?;
        }
        Ok(())
    }

    /// How often the work may have run, if it runs in this process and gave this outcome.
    pub(super) fn judge_runs(&self, outcome: &Result<u64, JobError>) -> Result<(), Miss> {
        let runs = self.runs.get();
        let allowed = match outcome {
            Ok(_) | Err(JobError::Panicked(_)) => runs == 1,
            Err(
                JobError::Cancelled { started: false }
                | JobError::Deadline { started: false }
                | JobError::Shutdown { started: false },
            ) => runs == 0,
            Err(_) => runs <= 1,
        };
        ensure(allowed, format!("the work ran {runs} times, and gave {outcome:?}"))
    }

    /// Whether everything that it held has been let go of.
    pub(super) fn is_over(&self) -> bool {
        self.gone.get() >= 1 && self.guards_gone.get() >= self.guards && self.called.get() >= self.callbacks
    }

    /// Exactly once, each.
    pub(super) fn settle(&self) -> Result<(), Miss> {
        same("how often the work was dropped", self.gone.get(), 1)?;
        same("guards dropped, of those attached", self.guards_gone.get(), self.guards)?;
        same("callbacks called, of those registered", self.called.get(), self.callbacks)?;
        ensure(self.runs.get() <= 1, "work ran twice")
    }
}
