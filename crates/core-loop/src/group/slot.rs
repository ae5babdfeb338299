//! Where a child leaves its outcome for whoever waits for it.

use crate::exception;
use std::cell::{Cell, OnceCell, RefCell};
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
        std::task::ready!(self.poll_filled(cx));
        Poll::Ready(
            self.take()
                .expect("a child was polled again after it gave its output: keep what the first await gave"),
        )
    }

    /// Waits until there is an outcome, and leaves it where it is.
    pub(super) fn poll_filled(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_empty() {
            return Poll::Ready(());
        }
        // Both are foreign: neither runs while the stage is borrowed.
        let before = self.waiter.replace(Some(cx.waker().clone()));
        drop(before);
        Poll::Pending
    }

    pub(super) fn forget_waiter(&self) {
        let waiter = self.waiter.take();
        drop(waiter);
    }

    /// The outcome, if it is there.
    fn take(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        match self.stage.replace(Stage::Taken) {
            Stage::Filled(outcome) => Some(outcome),
            Stage::Empty | Stage::Taken => None,
        }
    }
}

/// The handle's side: keeps an outcome that was looked at, so that it can be lent.
pub(super) struct Received<T>(OnceCell<T>);

impl<T> Received<T> {
    pub(super) fn nothing() -> Self {
        Self(OnceCell::new())
    }

    /// The outcome, left where it is.
    pub(super) fn look(&self, slot: &Slot<T>) -> Option<&T> {
        if self.0.get().is_none() {
            let _kept = slot.take().map(|outcome| self.0.set(outcome));
        }
        self.0.get()
    }

    pub(super) fn poll(&mut self, slot: &Slot<T>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.take().map_or_else(|| slot.poll(cx), Poll::Ready)
    }
}
