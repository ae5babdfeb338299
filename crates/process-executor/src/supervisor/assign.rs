//! Who gets the next job.

use super::Supervisor;
use crate::child::{Again, Child, Phase, Running};
use crate::counters::count;
use crate::desk::Handed;
use crate::frame::Frame;
use crate::inbox::Queued;
use crate::pending::{Answer, Request};
use contract::{Drain, JobError};
use std::time::Instant;

impl Supervisor {
    /// Learns which jobs submitters handed to workers.
    pub(super) fn take_over(&mut self) {
        for number in std::mem::take(&mut self.orders.cleared) {
            if let Some(child) = self.children.get_mut(&number) {
                child.offered = false;
            }
        }
        let handed = std::mem::take(&mut self.orders.handed);
        self.note(handed);
    }

    /// These workers are busy, and have been since before this thread took the inbox's lock.
    pub(super) fn note(&mut self, handed: Vec<Handed<Box<Request>>>) {
        for Handed { worker, id, since, queued } in handed {
            match self.children.get_mut(&worker) {
                Some(child) => occupy(child, id, queued, since),
                None => debug_assert!(false, "a worker is off the desk before it is buried"),
            }
        }
    }

    /// Nobody hands this worker a job any more; if somebody has, that is known now.
    pub(super) fn retract(&mut self, number: u64) {
        let handed = self.inbox.retract(number);
        self.note(handed);
        if let Some(child) = self.children.get_mut(&number) {
            child.offered = false;
        }
    }

    /// Gives queued jobs to workers that have nothing to do, and offers the others to submitters.
    pub(super) fn assign(&mut self) {
        let free = |child: &Child| child.is_idle() && !child.offered;
        let numbers: Vec<u64> =
            self.children.iter().filter(|(_, child)| free(child)).map(|(number, _)| *number).collect();
        for number in numbers {
            self.give_next(number);
        }
    }

    /// Gives the next job to a worker that has nothing to do, or puts it on offer.
    pub(super) fn give_next(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number).filter(|child| child.is_idle()) else { return };
        // It may have died a moment ago, and the word be on its way. A job that it is not given is not lost with it.
        if self.orders.queued > 0 && child.has_ended() {
            child.lost = true;
            return;
        }
        if self.stock_up(number) {
            return;
        }
        let Some(child) = self.children.get_mut(&number) else { return };
        while let Some((id, mut queued)) = self.inbox.next(number, || child.worker()) {
            self.orders.queued = self.orders.queued.saturating_sub(1);
            let request = &mut queued.item;
            // Withdrawn meanwhile: the next one, please.
            if !request.begin() {
                continue;
            }
            let frame = Frame::new(request.what.kind, id, request.what.a, request.body_to_send());
            occupy(child, id, queued, Instant::now());
            child.send(frame);
            return;
        }
        child.offered = true;
    }

    /// The worker died under this job, and nobody wanted it stopped: another one gets it, if it may be run again, before all
    /// others, because it has waited longest. Gives the job back if that was the end of it.
    pub(super) fn run_again(&mut self, mut running: Box<Running>) -> Option<Box<Running>> {
        let goes_on = !self.broken && !self.orders.abandoned && self.orders.closing != Some(Drain::Started);
        let Some(again) = running.again.take().filter(|again| goes_on && again.retries > 0) else {
            return Some(running);
        };
        let Again { what, body, retries } = again;
        let Running { id, pending, deadline, came, .. } = *running;
        let item = Box::new(Request { what, body, pending, retries: retries - 1, started: true, came });
        match self.inbox.put_back(id, Queued { item, deadline }) {
            Ok(()) => {
                self.orders.queued += 1;
                count(&self.counters.retried);
            }
            Err(request) => request.pending.finish(Answer::Failed(JobError::Shutdown { started: true })),
        }
        None
    }
}

/// The worker has this job from now on.
fn occupy(child: &mut Child, id: u64, queued: Queued<Box<Request>>, since: Instant) {
    debug_assert!(matches!(child.phase, Phase::Idle), "a worker runs one job at a time");
    let Queued { item, deadline } = queued;
    let Request { what, body, pending, retries, started: _, came } = *item;
    let again = (retries > 0).then_some(Again { what, body, retries });
    let label = pending.label();
    let (stop, last_words) = (None, None);
    let running = Running { id, label, pending, since, came, deadline, stop, last_words, again };
    child.phase = Phase::Busy(Box::new(running));
    child.offered = false;
    child.used = true;
}
