//! Fuel in slices: after each, somebody asks whether the call should go on.

use crate::Limits;
use contract::{GuestError, JobError, checkpoint};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Gives a call its fuel, slice by slice, until it has used up its own or is to stop.
///
/// An engine asks it before the guest runs, and again whenever the guest has run out.
#[derive(Debug)]
pub struct Meter {
    slice: u64,
    /// What is left of the call's own fuel.
    left: u64,
    /// How much that was; `None`: as much as it wants.
    limit: Option<u64>,
    /// The pool has waited long enough for those that still run.
    halted: Arc<Halt>,
}

/// A pool's order to all its guests to stop.
#[derive(Debug, Default)]
pub(crate) struct Halt(AtomicBool);

impl Halt {
    pub(crate) fn order(&self) {
        // Relaxed: nothing else hangs on it, and it is looked at soon again.
        self.0.store(true, Ordering::Relaxed);
    }

    fn ordered(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Meter {
    pub(crate) fn new(limits: &Limits, fuel: Option<u64>, halted: Arc<Halt>) -> Self {
        Self { slice: limits.fuel_slice, left: fuel.unwrap_or(u64::MAX), limit: fuel, halted }
    }

    /// For engines: whether the guest may go on.
    ///
    /// # Errors
    ///
    /// Why it must stop: a cancel, a deadline, a shutdown that has waited long enough.
    pub fn check(&self) -> Result<(), JobError> {
        checkpoint()?;
        if self.halted.ordered() { Err(JobError::Shutdown { started: true }) } else { Ok(()) }
    }

    /// For engines: fuel for the next slice, and at least `needed`, without which the guest cannot take its next step.
    ///
    /// # Errors
    ///
    /// Why the guest must stop: as [`check`](Self::check), or the end of its fuel.
    pub fn slice(&mut self, needed: u64) -> Result<u64, JobError> {
        self.check()?;
        if self.limit.is_none() {
            return Ok(self.slice.max(needed));
        }
        let granted = self.slice.max(needed).min(self.left);
        if granted < needed.max(1) {
            return Err(self.out_of_fuel());
        }
        self.left -= granted;
        Ok(granted)
    }

    /// For engines that pause by themselves after each slice, and then [`check`](Self::check): all the fuel that is left.
    ///
    /// # Errors
    ///
    /// As [`slice`](Self::slice).
    pub fn rest(&mut self) -> Result<u64, JobError> {
        self.check()?;
        if self.limit.is_none() {
            return Ok(u64::MAX);
        }
        match std::mem::take(&mut self.left) {
            0 => Err(self.out_of_fuel()),
            left => Ok(left),
        }
    }

    /// For engines: the error of a guest that has used up its fuel.
    #[must_use]
    pub fn out_of_fuel(&self) -> JobError {
        JobError::Guest(GuestError::OutOfFuel { limit: self.limit.unwrap_or(u64::MAX) })
    }

    /// For engines: what the guest left of its fuel when it came to an end.
    pub fn give_back(&mut self, fuel: u64) {
        self.left = self.left.saturating_add(fuel);
    }
}
