//! The end of a queue: closed, drained or emptied, and watched until its last thread has left.

use super::{Queue, State};
use crate::sync::lock;
use contract::{Drain, JobError, Report, Runnable, Straggler};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

impl Queue {
    /// Takes in nothing more. What is queued still runs, or is withdrawn: the number of jobs that were.
    pub fn close(&self, how: Drain) -> usize {
        let mut state = lock(&self.state);
        state.closed = true;
        let queued = match how {
            Drain::Queued => Vec::new(),
            Drain::Started => state.empty(),
        };
        let parked = std::mem::take(&mut state.parked);
        self.signal.give();
        let gone = state.threads == 0;
        drop(state);
        parked.into_iter().for_each(|(_, thread)| thread.unpark());
        if gone {
            self.crew.gone();
        }
        withdraw(queued)
    }

    /// [Closes](Self::close), waits until everything is over but what runs on the thread of `own` seat, and reports. At
    /// `deadline` it stops waiting and withdraws what is still queued.
    pub fn shutdown(self: &Arc<Self>, how: Drain, deadline: Option<Instant>, own: Option<usize>) -> Report {
        let mut report = Report::default();
        report.cancelled = self.close(how);
        if own.is_some() {
            // This thread would serve the queue if it did not wait here.
            self.stand_in();
        }
        let mut state = lock(&self.state);
        while !state.is_over(own) {
            let Some(deadline) = deadline else {
                state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let queued = state.empty();
        report.stragglers = state.stragglers(own);
        drop(state);
        report.cancelled += withdraw(queued);
        report
    }
}

impl State {
    /// Takes all that is queued.
    fn empty(&mut self) -> Vec<Runnable> {
        self.dead = 0;
        self.jobs.drain(..).filter_map(|entry| entry.job).collect()
    }

    /// Whether nothing runs but on the thread of `own` seat, and nobody else will come.
    fn is_over(&self, own: Option<usize>) -> bool {
        self.live() == 0
            && self.threads == usize::from(own.is_some())
            && self.running.iter().all(|running| own.is_some() && running.seat == own)
    }

    fn stragglers(&self, own: Option<usize>) -> Vec<Straggler> {
        self.running
            .iter()
            .filter(|running| own.is_none() || running.seat != own)
            .map(|running| Straggler::new(running.label.clone(), &running.thread, running.since.elapsed()))
            .collect()
    }
}

/// How many of `jobs` had not been withdrawn by somebody else.
fn withdraw(jobs: Vec<Runnable>) -> usize {
    jobs.into_iter().map(|job| usize::from(job.withdraw(JobError::Shutdown { started: false }))).sum()
}
