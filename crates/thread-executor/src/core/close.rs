//! The end: closed, drained or emptied, and watched until the last thread has left. Or broken.

use super::{Core, Crew, Taken, own};
use crate::seat::Seat;
use crate::sync::lock;
use contract::{Drain, JobError, Panic, Report, Runnable, Straggler};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Instant;

/// Why the pool runs nothing any more: the panic of an initializer, in words.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) message: String,
    location: Option<String>,
}

impl Fault {
    fn error(&self) -> JobError {
        JobError::Initializer(Panic::from_words(self.message.clone(), self.location.clone()))
    }
}

impl Core {
    /// Takes in nothing more. What is queued still runs, or is withdrawn: the number of jobs that were.
    pub fn close(self: &Arc<Self>, how: Drain) -> usize {
        self.gate.close();
        let mut crew = lock(&self.crew);
        self.word.close();
        let parked = std::mem::take(&mut crew.parked);
        parked.iter().for_each(|_| self.word.unpark());
        let gone = self.is_gone();
        drop(crew);
        parked.into_iter().for_each(|parked| parked.seat.unparker.unpark());
        if gone {
            self.hands.gone();
        }
        // After the gate, so that whoever is told that there is room finds it closed.
        self.slots.close();
        match how {
            Drain::Queued => 0,
            Drain::Started => withdraw(self.lanes.empty(), || JobError::Shutdown { started: false }),
        }
    }

    /// A submission that was on the gate when it closed is through: whoever waits for the end looks again.
    #[cold]
    pub(super) fn closed_meanwhile(&self) {
        let crew = lock(&self.crew);
        let (fault, gone) = (crew.fault.clone(), self.is_gone());
        self.ended.notify_all();
        drop(crew);
        if gone {
            self.hands.gone();
        }
        if let Some(fault) = fault {
            withdraw(self.lanes.empty(), || fault.error());
        }
    }

    /// Whether it is closed, the last thread has left, and none will come: nobody is on the gate who could hire one.
    pub(super) fn is_gone(&self) -> bool {
        // The gate first: who was on it has hired a thread by then, which is there or has run all that was to run.
        let now = (self.gate.is_busy(), self.word.load());
        now.1.closed() && !now.0 && now.1.threads() == 0
    }

    /// [Closes](Self::close), waits until everything is over but what runs on the calling thread, and reports. At `deadline`
    /// it stops waiting and withdraws what is still queued.
    pub fn shutdown(self: &Arc<Self>, how: Drain, deadline: Option<Instant>) -> Report {
        let mut report = Report::default();
        report.cancelled = self.close(how);
        let own = own::on(self, |worker| worker.seat.clone());
        // This thread would serve the lanes if it did not wait here. A refusal is waited out: with the grace, or with those
        // that run.
        let _refused = self.sleeps(Waker::noop());
        let mut crew = lock(&self.crew);
        while !self.is_over(&crew, own.as_deref()) {
            let Some(deadline) = deadline else {
                crew = self.ended.wait(crew).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            crew = self.ended.wait_timeout(crew, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        report.stragglers = stragglers(&crew, own.as_deref());
        drop(crew);
        self.goes_on();
        report.cancelled += withdraw(self.lanes.empty(), || JobError::Shutdown { started: false });
        report
    }

    /// Whether nothing runs but on the calling thread, whose seat is `own`, and nobody else will come.
    fn is_over(&self, crew: &Crew, own: Option<&Seat>) -> bool {
        let guests = usize::from(own.is_some_and(|own| own.guest));
        let threads = usize::from(own.is_some()) - guests;
        // The gate first: who was on it has put its job into a lane.
        !self.gate.is_busy()
            && self.lanes.is_empty()
            && self.word.load().threads() == threads
            && crew.guests == guests
    }

    /// An initializer failed: nothing runs any more, and whatever waits learns why.
    pub(crate) fn break_down(self: &Arc<Self>, panic: &Panic) {
        let fault =
            Fault { message: panic.message().to_owned(), location: panic.location().map(str::to_owned) };
        lock(&self.crew).fault.get_or_insert_with(|| fault.clone());
        self.close(Drain::Queued);
        // Who is on the gate right now sees it closed next, and does the same.
        withdraw(self.lanes.empty(), || fault.error());
    }

    /// Why it runs nothing any more, if it is so.
    pub(crate) fn fault(&self) -> Option<Fault> {
        lock(&self.crew).fault.clone()
    }
}

fn stragglers(crew: &Crew, own: Option<&Seat>) -> Vec<Straggler> {
    let others = crew.seats.iter().map(|Taken { seat, .. }| seat);
    let others = others.filter(|seat| own.is_none_or(|own| !std::ptr::eq(own, Arc::as_ptr(seat))));
    others.flat_map(|seat| seat.stragglers()).collect()
}

/// How many of `jobs` had not been withdrawn by somebody else.
fn withdraw(jobs: Vec<Runnable>, error: impl Fn() -> JobError) -> usize {
    jobs.into_iter().map(|job| usize::from(job.withdraw(error()))).sum()
}
