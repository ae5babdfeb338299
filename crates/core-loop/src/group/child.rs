//! A child that is a task, and its handle.

use super::ChildError;
use super::report::Reporter;
use super::slot::{Received, Slot};
use super::state::{End, Member};
use crate::bells::Bell;
use crate::error::{JoinError, Reason};
use crate::task::{AnyTask, Task};
use crate::waitable::Waitable;
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
/// # Panics
///
/// When it is polled again after it gave its output.
///
/// # Cancel safety
///
/// Awaiting `&mut child` loses nothing. Cancelling whoever awaits it does not cancel the child: that is the group's.
///
/// # Python
///
/// The `Task` that `TaskGroup.create_task` returns.
pub struct ChildTask<T: 'static> {
    child: Rc<dyn Handle<T>>,
    received: Received<Outcome<T>>,
}

// The outcome is moved, never pinned.
impl<T: 'static> Unpin for ChildTask<T> {}

/// What the handle asks of a child.
trait Handle<T> {
    fn slot(&self) -> &Slot<Outcome<T>>;
    /// Its task; `None` if the group did not take it.
    fn task(&self) -> Option<AnyTask>;
}

impl<T: 'static> ChildTask<T> {
    fn new(child: Rc<dyn Handle<T>>) -> Self {
        Self { child, received: Received::nothing() }
    }

    /// Of a child that was not taken.
    pub(super) fn refused(reason: Reason) -> Self {
        Self::new(Rc::new(Refused(Slot::filled(Err(ChildError::Cancelled(reason))))))
    }

    /// Asks for this child to be cancelled, which is no failure of the group; otherwise as
    /// [`Task::cancel`](crate::Task::cancel).
    pub fn cancel(&self, reason: impl Into<Reason>) -> bool {
        self.request_cancel(reason.into())
    }

    /// Whether it has ended, and its group knows.
    #[must_use]
    pub fn done(&self) -> bool {
        !self.child.slot().is_empty()
    }

    /// The outcome, if it has ended and nobody has taken the outcome.
    ///
    /// # Python
    ///
    /// `Task.result()` and `Task.exception()`, which raise `InvalidStateError` before the end.
    #[must_use]
    pub fn result(&self) -> Option<Result<&T, &ChildError>> {
        self.outcome()
    }

    /// Whether it was cancelled, and its group knows.
    ///
    /// # Python
    ///
    /// `Task.cancelled()`.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        matches!(self.outcome(), Some(Err(ChildError::Cancelled(_))))
    }

    /// Its task, which has more to ask and to tell, done-callbacks among it; `None` if the group did not take it.
    ///
    /// The task ends a turn before its group, and with it this handle, knows.
    #[must_use]
    pub fn any(&self) -> Option<AnyTask> {
        self.child.task()
    }

    /// The name of its task; `None` if the group did not take it.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.any().map(|task| task.name())
    }

    /// Gives its task a name, for reports.
    ///
    /// # Python
    ///
    /// `TaskGroup.create_task(…, name=name)`.
    pub fn named(self, name: impl Into<String>) -> Self {
        if let Some(task) = self.any() {
            task.set_name(name);
        }
        self
    }
}

impl<T: 'static> Future for ChildTask<T> {
    type Output = Result<T, ChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.received.poll(this.child.slot(), cx)
    }
}

impl<T: 'static> Waitable for ChildTask<T> {
    type Value = T;
    type Error = ChildError;

    fn done(&self) -> bool {
        Self::done(self)
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.child.slot().poll_filled(cx)
    }

    fn forget_waiter(&mut self) {
        self.child.slot().forget_waiter();
    }

    fn outcome(&self) -> Option<Result<&T, &ChildError>> {
        self.received.look(self.child.slot()).map(Result::as_ref)
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        self.any().is_some_and(|task| task.cancel(reason))
    }

    fn is_foreign(&self) -> bool {
        self.any().is_some_and(|task| task.is_foreign())
    }

    fn cancel_along(&self, reason: Reason) {
        if let Some(task) = self.any() {
            task.cancel_along(reason);
        }
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
        ChildTask::new(self)
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
        // Not borrowed while the request is made, which may wake a foreign waker.
        let task = self.task.borrow().any();
        task.cancel(reason);
    }
}

impl<T: 'static, E: 'static> Handle<T> for Running<T, E> {
    fn slot(&self) -> &Slot<Outcome<T>> {
        &self.slot
    }

    fn task(&self) -> Option<AnyTask> {
        Some(self.task.borrow().any())
    }
}

/// A child that was not taken.
struct Refused<T>(Slot<Outcome<T>>);

impl<T> Handle<T> for Refused<T> {
    fn slot(&self) -> &Slot<Outcome<T>> {
        &self.0
    }

    fn task(&self) -> Option<AnyTask> {
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
