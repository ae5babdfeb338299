//! Workers that have nothing to do, and the jobs that submitters have handed to them: a part of the
//! [inbox](crate::inbox), under its lock.
//!
//! ```text
//!                 offer                        hand
//!   supervisor ─────────► ON OFFER ──submitter──────────► HANDED ── look ──► Busy, in the supervisor's table
//!                            │ retract, or a submitter clears the desk
//!                            └──────────────────────────► with the supervisor
//! ```
//!
//! *While a worker is on offer, nothing is queued*: so who finds one may hand it a job without overtaking anybody. A job is
//! noted as handed under the lock *before* its frame is written: whoever hears the answer and takes the lock finds the job.
//! It is written after the lock is released, because the worker it wakes may take the processor at once, and its answer
//! would find the lock taken.

use crate::inbox::Queued;
use std::time::Instant;

/// See the module.
pub(crate) struct Desk<T, W> {
    /// The one that worked last, whose caches are warm, is the last, and taken first.
    offered: Vec<(u64, W)>,
    handed: Vec<Handed<T>>,
    /// Workers that were taken off the desk, and the supervisor thinks they are on it.
    cleared: Vec<u64>,
}

/// A job that a worker was given by its submitter.
pub(crate) struct Handed<T> {
    pub(crate) worker: u64,
    pub(crate) id: u64,
    pub(crate) since: Instant,
    pub(crate) queued: Queued<T>,
}

impl<T, W> Desk<T, W> {
    pub(crate) fn new() -> Self {
        Self { offered: Vec::new(), handed: Vec::new(), cleared: Vec::new() }
    }

    pub(crate) fn offer(&mut self, number: u64, worker: W) {
        debug_assert!(self.offered.iter().all(|(it, _)| *it != number), "a worker is offered twice");
        self.offered.push((number, worker));
    }

    /// This worker is not wanted on the desk: as if it had been there and was taken off at once.
    pub(crate) fn refuse(&mut self, number: u64) {
        self.cleared.push(number);
    }

    /// The worker that takes the next job. If the one whose turn it is turns out not to be `ready`, or the job cannot be
    /// handed over, the desk is cleared: the job goes the other way, by the queue, and nobody may overtake it.
    pub(crate) fn take(&mut self, ready: impl FnOnce(&W) -> bool) -> Option<(u64, W)> {
        if ready(&self.offered.last()?.1) {
            return self.offered.pop();
        }
        self.clear();
        None
    }

    /// Takes everybody off the desk: something is queued that nobody may overtake.
    pub(crate) fn clear(&mut self) {
        self.cleared.extend(self.offered.drain(..).map(|(number, _)| number));
    }

    /// How many jobs the supervisor has not heard of yet.
    pub(crate) fn unheard(&self) -> usize {
        self.handed.len()
    }

    pub(crate) fn note(&mut self, handed: Handed<T>) {
        self.handed.push(handed);
    }

    pub(crate) fn retract(&mut self, number: u64) {
        self.offered.retain(|(it, _)| *it != number);
    }

    pub(crate) fn take_handed(&mut self) -> Vec<Handed<T>> {
        std::mem::take(&mut self.handed)
    }

    /// Who was taken off the desk since the last time, without a job.
    pub(crate) fn take_cleared(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.cleared)
    }

    /// Nobody will hand anything to anybody any more. What is put back later finds those who were on offer free.
    pub(crate) fn close(&mut self) {
        self.clear();
    }
}
