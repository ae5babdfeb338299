//! A task without the type of its output.

use super::cancelling;
use super::header::{CALLBACKS, Header, QUIET};
use super::reference::TaskRef;
use super::surface::surface;
use super::waiter::{SELF_AWAIT, Waiter};
use crate::current::Loop;
use crate::error::{JoinError, Reason};
use crate::waitable::Waitable;
use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Any task of a loop: what can be asked and told without knowing the type of its output, and a future of its end. A cheap
/// handle, `!Send`; it keeps neither the task running nor its output. Any number of them may await one task.
///
/// # Errors
///
/// Awaiting it gives `Ok(())` when the task gave its output, whatever that is: an `Err` among outputs is one as well. Else the
/// [`JoinError`] is what the task's own handle gives; of a panic it has the words and the place, not the payload.
///
/// # Panics
///
/// When a task awaits itself.
///
/// # Cancel safety
///
/// Dropping it loses nothing. But if its awaiter is *cancelled*, or runs into a [`timeout`](crate::timeout()), the task is
/// cancelled too, as with its own handle: [`Waitable::shield`] prevents it.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     core_loop::spawn(async { "detached" }).named("worker").detach();
///     let mut others = core_loop::all_tasks();
///     others.retain(|task| task.name() == "worker");
///     for task in others {
///         assert!(task.await.is_ok());
///     }
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.Task`, as `current_task()` and `all_tasks()` give it.
pub struct AnyTask {
    task: TaskRef,
    /// As which of the listeners this handle is registered.
    number: Cell<Option<u64>>,
    /// Somebody awaits this handle, or did.
    awaited: bool,
}

/// The task whose step is running; `None` in a callback, and outside a loop.
///
/// # Python
///
/// `asyncio.current_task()`.
#[must_use]
pub fn current_task() -> Option<AnyTask> {
    Loop::try_current()?.inner().current.get().map(AnyTask::new)
}

/// All tasks of this thread's loop that have not ended, in the order of their spawns.
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `asyncio.all_tasks()`, which is a set.
#[must_use]
#[track_caller]
pub fn all_tasks() -> Vec<AnyTask> {
    Loop::current().inner().tasks.to_vec().into_iter().map(AnyTask::new).collect()
}

impl AnyTask {
    fn new(task: TaskRef) -> Self {
        Self { task, number: Cell::new(None), awaited: false }
    }

    pub(crate) fn of(task: &TaskRef) -> Self {
        Self::new(task.clone())
    }

    pub(crate) fn header(&self) -> &Header {
        &self.task
    }

    surface!(self => self.task);

    /// How it ended; `None` before that. As for whoever awaits it, an output is `Ok`, whatever it is.
    ///
    /// # Python
    ///
    /// `Task.exception()`, which raises `InvalidStateError` before the end.
    #[must_use]
    pub fn result(&self) -> Option<Result<(), &JoinError>> {
        let outcome = self.outcome()?;
        // Somebody has seen it: if it is a panic, it is no news any more.
        self.task.set(QUIET);
        Some(outcome.copied())
    }
}

impl Future for AnyTask {
    type Output = Result<(), JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.awaited = true;
        self.awaited = self.poll_done(cx).is_pending();
        match self.result() {
            None => Poll::Pending,
            Some(outcome) => Poll::Ready(outcome.map_err(JoinError::echo)),
        }
    }
}

impl Waitable for AnyTask {
    type Value = ();
    type Error = JoinError;

    fn done(&self) -> bool {
        Self::done(self)
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.done() {
            self.number.take();
            return Poll::Ready(());
        }
        let waiter = Waiter::of(cx.waker());
        let here = self.task.loop_here().and_then(|lp| lp.inner().current.get());
        assert!(!waiter.is_of(&self.task), "{SELF_AWAIT}");
        let here = here.map(|task| task.id());
        self.task.extras().listeners.listen(&self.number, waiter, here, self.awaited);
        self.task.set(CALLBACKS);
        Poll::Pending
    }

    fn forget_waiter(&mut self) {
        if let Some(number) = self.number.take() {
            self.task.extras().listeners.forget(number);
        }
    }

    fn outcome(&self) -> Option<Result<&(), &JoinError>> {
        self.done().then(|| self.task.failure().map_or(Ok(&()), Err))
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        self.task.cancel(reason)
    }

    fn is_foreign(&self) -> bool {
        self.task.is_foreign()
    }

    fn cancel_along(&self, reason: Reason) {
        self.task.cancel_along(reason);
    }
}

impl Drop for AnyTask {
    fn drop(&mut self) {
        if self.number.get().is_none() {
            return;
        }
        if self.awaited
            && let Some(reason) = cancelling()
        {
            self.task.cancel_along(reason);
        }
        self.forget_waiter();
    }
}

/// Another handle of the same task.
impl Clone for AnyTask {
    fn clone(&self) -> Self {
        Self::of(&self.task)
    }
}

impl PartialEq for AnyTask {
    fn eq(&self, other: &Self) -> bool {
        self.task.as_ptr() == other.task.as_ptr()
    }
}

impl Eq for AnyTask {}

impl fmt::Debug for AnyTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyTask")
            .field("name", &self.name())
            .field("done", &self.done())
            .field("spawned_at", &self.spawned_at().to_string())
            .finish_non_exhaustive()
    }
}
