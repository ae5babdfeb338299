//! A child that is a task, and its handle.

use super::ChildError;
use super::report::Reporter;
use super::slot::Slot;
use super::state::{End, Member};
use crate::bells::Bell;
use crate::error::{JoinError, Reason};
use crate::task::Task;
use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

type Outcome<T> = Result<T, ChildError>;

/// A child of a [`TaskGroup`](super::TaskGroup): a future of its value.
///
/// Dropping it changes nothing: the group waits for the child in any case. It may outlive the group, as the way to get at
/// the values.
///
/// # Errors
///
/// [`ChildError`], if the child gave no value. The body and the children of a group hardly ever see `Failed` and
/// `Panicked`: they are being cancelled then.
///
/// # Cancel safety
///
/// Awaiting `&mut child` loses nothing. Cancelling whoever awaits it does not cancel the child: that is the group's.
///
/// # Panics
///
/// When it is polled again after it gave its output.
///
/// # Python
///
/// The `Task` that `TaskGroup.create_task` returns.
pub struct ChildTask<T: 'static>(Rc<dyn Handle<T>>);

/// What the handle asks of a child.
trait Handle<T> {
    fn slot(&self) -> &Slot<Outcome<T>>;
    fn cancel(&self, reason: Reason) -> bool;
    fn name(&self) -> Option<String>;
}

impl<T: 'static> ChildTask<T> {
    /// Of a child that was not taken.
    pub(super) fn refused(reason: Reason) -> Self {
        Self(Rc::new(Refused(Slot::filled(Err(ChildError::Cancelled(reason))))))
    }

    /// Asks for this child to be cancelled, which is no failure of the group; otherwise as
    /// [`Task::cancel`](crate::Task::cancel).
    pub fn cancel(&self, reason: impl Into<Reason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// Whether it has ended, and its group knows.
    #[must_use]
    pub fn done(&self) -> bool {
        !self.0.slot().is_empty()
    }

    /// The name of its task; `None` if the group did not take it.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.0.name()
    }
}

impl<T: 'static> Future for ChildTask<T> {
    type Output = Result<T, ChildError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.slot().poll(cx)
    }
}

/// A child whose task runs; its group and its handle hold it.
pub(super) struct Running<T: 'static, E: 'static> {
    /// Borrowed mutably in `poll` only, which runs nothing of the user's.
    task: RefCell<Task<Result<T, E>>>,
    bell: Bell,
    slot: Slot<Outcome<T>>,
    /// Who waits for its report, if it was started.
    reporter: Option<Rc<dyn Reporter<E>>>,
}

impl<T: 'static, E: 'static> Running<T, E> {
    pub(super) fn new(
        task: Task<Result<T, E>>,
        bell: Bell,
        reporter: Option<Rc<dyn Reporter<E>>>,
    ) -> Rc<Self> {
        Rc::new(Self { task: RefCell::new(task), bell, slot: Slot::empty(), reporter })
    }

    /// It has ended, and its group will not like how.
    pub(super) fn has_failed(&self) -> bool {
        match self.task.borrow().result() {
            None | Some(Ok(Ok(_))) => false,
            Some(Ok(Err(_)) | Err(_)) => true,
        }
    }

    /// Has its group look at it.
    pub(super) fn ring(&self) {
        self.bell.ring();
    }

    pub(super) fn handle(self: Rc<Self>) -> ChildTask<T> {
        ChildTask(self)
    }
}

impl<T: 'static, E: 'static> Member<E> for Running<T, E> {
    fn poll(&self) -> Poll<End<E>> {
        self.bell.heard();
        let waker = self.bell.waker();
        let polled = Pin::new(&mut *self.task.borrow_mut()).poll(&mut Context::from_waker(&waker));
        let Poll::Ready(outcome) = polled else { return Poll::Pending };
        let (outcome, end) = match outcome {
            Ok(Ok(value)) => (Ok(value), End::Well),
            Ok(Err(error)) => (Err(ChildError::Failed), End::Failed(error)),
            Err(JoinError::Cancelled(reason)) => (Err(ChildError::Cancelled(reason)), End::Well),
            Err(JoinError::Panicked(panic)) => (Err(ChildError::Panicked), End::Panicked(panic)),
            Err(JoinError::Shutdown) => (Err(ChildError::Shutdown), End::Well),
        };
        let end = match &self.reporter {
            Some(reporter) => reporter.ended(end, outcome.as_ref().err()),
            None => end,
        };
        self.slot.fill(outcome);
        Poll::Ready(end)
    }

    fn cancel(&self, reason: Reason) {
        Handle::cancel(self, reason);
    }
}

impl<T: 'static, E: 'static> Handle<T> for Running<T, E> {
    fn slot(&self) -> &Slot<Outcome<T>> {
        &self.slot
    }

    fn cancel(&self, reason: Reason) -> bool {
        // Not borrowed while the request is made, which may wake a foreign waker.
        let task = self.task.borrow().any();
        task.cancel(reason)
    }

    fn name(&self) -> Option<String> {
        Some(self.task.borrow().name())
    }
}

/// A child that was not taken.
struct Refused<T>(Slot<Outcome<T>>);

impl<T> Handle<T> for Refused<T> {
    fn slot(&self) -> &Slot<Outcome<T>> {
        &self.0
    }

    fn cancel(&self, _: Reason) -> bool {
        false
    }

    fn name(&self) -> Option<String> {
        None
    }
}

impl<T: 'static> fmt::Debug for ChildTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildTask")
            .field("name", &self.name())
            .field("done", &self.done())
            .finish_non_exhaustive()
    }
}
