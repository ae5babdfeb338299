//! Where a child leaves its outcome for whoever waits for it.

use crate::exception;
use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, Waker};

pub(super) struct Slot<T> {
    stage: RefCell<Stage<T>>,
    waiter: Cell<Option<Waker>>,
}

enum Stage<T> {
    Empty,
    Filled(T),
    Taken,
}

impl<T> Slot<T> {
    pub(super) fn empty() -> Self {
        Self { stage: RefCell::new(Stage::Empty), waiter: Cell::new(None) }
    }

    pub(super) fn filled(outcome: T) -> Self {
        Self { stage: RefCell::new(Stage::Filled(outcome)), waiter: Cell::new(None) }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Empty)
    }

    /// The first outcome counts.
    pub(super) fn fill(&self, outcome: T) {
        if !self.is_empty() {
            return;
        }
        *self.stage.borrow_mut() = Stage::Filled(outcome);
        if let Some(waiter) = self.waiter.take() {
            // A foreign one may panic, and whoever fills has more to do.
            exception::wake(waiter);
        }
    }

    /// # Panics
    ///
    /// When the outcome has been taken.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<T> {
        if self.is_empty() {
            // Both are foreign: neither runs while the stage is borrowed.
            let before = self.waiter.replace(Some(cx.waker().clone()));
            drop(before);
            return Poll::Pending;
        }
        match self.stage.replace(Stage::Taken) {
            Stage::Filled(outcome) => Poll::Ready(outcome),
            Stage::Empty | Stage::Taken => panic!("a child was polled again after it gave its output"),
        }
    }
}
