//! A task as others see it: what it does, and who awaits it.

use super::header::{BUSY, CANCEL, CLEAN_UPS, FUTURE, Header, SCHEDULED};
use crate::current::Loop;
use crate::introspect::TaskState;

/// The task's loop is observed: its end, and who awaits it, are told.
pub(super) const OBSERVED: u16 = 1 << 15;

impl Header {
    pub(crate) fn state(&self) -> TaskState {
        if self.is(BUSY) {
            TaskState::Running
        } else if self.is(SCHEDULED) {
            TaskState::Ready
        } else if !self.is(FUTURE) && self.is(CLEAN_UPS) {
            TaskState::CleaningUp
        } else {
            TaskState::Waiting
        }
    }

    /// Its loop, if that is the one that runs here.
    pub(crate) fn loop_here(&self) -> Option<Loop> {
        Loop::try_current().filter(|lp| self.belongs_to(&lp.inner().shared))
    }

    /// The task of its own loop that awaits it, or did when it looked last. One of another loop is not told: its id says
    /// nothing here.
    pub(crate) fn awaited_by(&self) -> Option<u64> {
        let waiter = self.waiter.take();
        let id = waiter.as_ref().filter(|waiter| waiter.belongs_to(&self.shared)).map(|waiter| waiter.id);
        self.waiter.set(waiter);
        let extras = self.extras.get();
        id.or_else(|| {
            extras.and_then(|extras| extras.awaited_by.get().or_else(|| extras.listeners.first_task()))
        })
    }

    /// Whether its awaiter left its own waker, not one that tells it who has ended.
    pub(crate) fn is_awaited_directly(&self) -> bool {
        let waiter = self.waiter.take();
        let direct = waiter.is_some();
        self.waiter.set(waiter);
        direct
    }

    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        !cfg!(core_loop_unwatched) && self.is(OBSERVED)
    }

    /// Whether it is pending, and nobody has asked for its cancel.
    pub(crate) fn goes_on(&self) -> bool {
        self.is(FUTURE) && !self.is(CANCEL)
    }

    pub(crate) fn set_observed(&self, observed: bool) {
        if observed {
            self.set(OBSERVED);
        } else {
            self.clear(OBSERVED);
        }
    }
}
