//! How the one thread that waits awake learns that it need not wait any longer, and whether there shall be one.

use super::State;
use crate::sync::{AtomicBool, Ordering};
use contract::spin::{self, SPIN_MAX};
use crossbeam_utils::CachePadded;
use std::time::Instant;

/// On a cache line of its own: the spinning thread reads it all the time, and must not take away the lock's from those who
/// submit.
///
/// ```text
///          clear: a spin begins          give: a job came, or the end
///   GIVEN ─────────────────────► CLEAR ───────────────────────────────► GIVEN
/// ```
///
/// Both happen under the queue's lock, so that no signal is left over from an earlier spin.
pub(super) struct Signal(CachePadded<AtomicBool>);

impl Signal {
    pub(super) fn new() -> Self {
        Self(CachePadded::new(AtomicBool::new(true)))
    }

    pub(super) fn give(&self) {
        // Relaxed, here and below: what it tells of is read under the lock.
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Waits awake for the signal, within the bound.
    pub(super) fn look_out(&self, since: Instant) {
        spin::spin(since, SPIN_MAX, || self.0.load(Ordering::Relaxed));
    }
}

impl State {
    /// A thread finds no job.
    pub(super) fn no_job(&mut self) -> Instant {
        *self.idle_since.insert(Instant::now())
    }

    /// A spin ended without a job.
    pub(super) fn spun_in_vain(&mut self) {
        self.idle_since = None;
        self.pace.spun(false);
    }

    /// A job came, perhaps for a thread that waits.
    pub(super) fn job_came(&mut self) {
        match self.idle_since.take() {
            None => {}
            Some(_) if self.spinning => self.pace.spun(true),
            Some(since) => self.pace.slept(since.elapsed() <= SPIN_MAX),
        }
    }
}
