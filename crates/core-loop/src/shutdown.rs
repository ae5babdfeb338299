//! Loops as executors that shut down.

use crate::handle::LoopHandle;
use crate::jobs::Jobs;
use contract::role::{self, Role};
use contract::{Drain, Report, Shutdown};
use std::time::{Duration, Instant};

/// Ends the loop as an executor, for all of its handles; the loop itself goes on, and so do callbacks and wakes. It must
/// be running for the jobs to end: one that stands still keeps them until the grace is over. Jobs that run on after the
/// grace stay with the loop, whose close ends them.
impl Shutdown for LoopHandle {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        shut_down(&[self], how, grace)
    }
}

/// Ends these loops as executors, all within one grace.
pub(crate) fn shut_down(handles: &[&LoopHandle], how: Drain, grace: Duration) -> Report {
    assert!(
        grace.is_zero() || !matches!(role::current(), Role::Loop),
        "a shutdown with a grace would block the event loop that runs on this thread: move it to another thread with \
         `to_thread`, or give it no grace"
    );
    // A grace too long to count is no bound at all.
    let deadline = Instant::now().checked_add(grace);
    let jobs = || handles.iter().map(|handle| &*handle.shared().jobs);
    // All of them first: a job that ends on one loop submits nothing to another any more.
    jobs().for_each(Jobs::close);
    let mut report = Report::default();
    if how == Drain::Started {
        report.cancelled = jobs().map(Jobs::withdraw_queued).sum();
    }
    for jobs in jobs() {
        if !jobs.wait(deadline) {
            report.cancelled += jobs.withdraw_queued();
            report.stragglers.extend(jobs.stragglers());
        }
    }
    report
}
