//! A child that its group polls in place.
//!
//! ```text
//!             Ready, or a panic                     the clean-ups have ended
//!   RUNNING ───────────────────────────► ENDED ◄──────────────────────────── CLEANING UP
//!      └──────────────────────────────────────────────────────────────────────────▲
//!                       cancelled: the future is dropped before its next poll
//! ```

use crate::bells::Bell;
use crate::clean_up::Pending;
use crate::error::Reason;
use crate::exception;
use crate::group::ChildError;
use crate::group::drive::drop_cancelled;
use crate::group::slot::Slot;
use crate::group::state::{End, Member};
use contract::Panic;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

pub(super) type Outcome<T> = Result<T, ChildError>;
/// For the handle, and for the group.
type Settled<T, E> = (Outcome<T>, End<E>);
type Boxed<'env, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + 'env>>;

/// What the handle shares with the child; it never holds what the child borrows.
pub(super) struct Link<T> {
    slot: Slot<Outcome<T>>,
    bell: Option<Bell>,
    /// A cancel was asked for.
    cancel: Cell<Option<Reason>>,
    /// It was cancelled, or has ended: the future is not polled any more.
    over: Cell<bool>,
}

impl<T> Link<T> {
    pub(super) fn new(bell: Bell) -> Rc<Self> {
        Rc::new(Self {
            slot: Slot::empty(),
            bell: Some(bell),
            cancel: Cell::new(None),
            over: Cell::new(false),
        })
    }

    pub(super) fn refused(reason: Reason) -> Rc<Self> {
        let slot = Slot::filled(Err(ChildError::Cancelled(reason)));
        Rc::new(Self { slot, bell: None, cancel: Cell::new(None), over: Cell::new(true) })
    }

    pub(super) fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }

    pub(super) fn is_done(&self) -> bool {
        !self.slot.is_empty()
    }

    pub(super) fn slot(&self) -> &Slot<Outcome<T>> {
        &self.slot
    }

    pub(super) fn cancel(&self, reason: Reason) -> bool {
        if self.over.get() {
            return false;
        }
        let first = self.cancel.take().unwrap_or(reason);
        self.cancel.set(Some(first));
        self.ring();
        true
    }
}

/// A child, owned by its group alone.
pub(super) struct Local<'env, T, E> {
    stage: RefCell<Stage<'env, T, E>>,
    link: Rc<Link<T>>,
}

enum Stage<'env, T, E> {
    Running(Boxed<'env, T, E>),
    CleaningUp {
        left: Pending,
        reason: Reason,
    },
    /// Or being looked at right now.
    Ended,
}

impl<'env, T, E> Local<'env, T, E> {
    pub(super) fn new(future: Boxed<'env, T, E>, link: Rc<Link<T>>) -> Self {
        Self { stage: RefCell::new(Stage::Running(future)), link }
    }

    /// → CLEANING UP.
    fn end_cancelled(&self, future: Boxed<'env, T, E>, reason: Reason) -> Stage<'env, T, E> {
        self.link.over.set(true);
        let left = drop_cancelled(&reason, || drop(future));
        Stage::CleaningUp { left, reason }
    }

    /// What comes of one look, and the stage after it.
    fn step(
        &self,
        stage: Stage<'env, T, E>,
        cx: &mut Context<'_>,
    ) -> (Stage<'env, T, E>, Option<Settled<T, E>>) {
        let stage = match (stage, self.link.cancel.take()) {
            (Stage::Running(future), Some(reason)) => self.end_cancelled(future, reason),
            (stage, _) => stage,
        };
        match stage {
            Stage::Running(mut future) => match Panic::catch(|| future.as_mut().poll(cx)) {
                Ok(Poll::Pending) => (Stage::Running(future), None),
                ended => (Stage::Ended, Some(self.settle(future, ended))),
            },
            Stage::CleaningUp { mut left, reason } => {
                if left.poll(cx).is_pending() {
                    return (Stage::CleaningUp { left, reason }, None);
                }
                (Stage::Ended, Some((Err(ChildError::Cancelled(reason)), End::Well)))
            }
            Stage::Ended => (Stage::Ended, None),
        }
    }

    /// The future gives nothing more.
    fn settle(&self, future: Boxed<'env, T, E>, ended: Result<Poll<Result<T, E>>, Panic>) -> Settled<T, E> {
        self.link.over.set(true);
        exception::shielded("a destructor panicked", || drop(future));
        match (ended, self.link.cancel.take()) {
            (Err(panic), _) => (Err(ChildError::Panicked), End::Panicked(panic)),
            // A cancel that came during the last poll wins, as it does for tasks.
            (Ok(output), Some(reason)) => {
                exception::shielded("the output's destructor panicked", || drop(output));
                (Err(ChildError::Cancelled(reason)), End::Well)
            }
            (Ok(Poll::Ready(Ok(value))), None) => (Ok(value), End::Well),
            (Ok(Poll::Ready(Err(error))), None) => (Err(ChildError::Failed), End::Failed(error)),
            (Ok(Poll::Pending), None) => unreachable!("a future that waits is not settled"),
        }
    }
}

impl<T, E> Member<E> for Local<'_, T, E> {
    fn poll(&self) -> Poll<End<E>> {
        let Some(bell) = &self.link.bell else { unreachable!("a child that was taken has a bell") };
        bell.heard();
        let waker = bell.waker();
        // Out of its cell, which is free whatever the child does: it may cancel itself, or look at its handle.
        let stage = self.stage.replace(Stage::Ended);
        let (stage, settled) = self.step(stage, &mut Context::from_waker(&waker));
        self.stage.replace(stage);
        let Some((outcome, end)) = settled else { return Poll::Pending };
        self.link.slot.fill(outcome);
        Poll::Ready(end)
    }

    fn cancel(&self, reason: Reason) {
        self.link.cancel(reason);
    }
}

impl<T, E> Drop for Local<'_, T, E> {
    fn drop(&mut self) {
        self.link.over.set(true);
        self.link.slot.fill(Err(ChildError::Cancelled("its group was dropped".into())));
    }
}
