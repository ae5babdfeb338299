//! Tasks: futures that the loop runs on their own.

use crate::current::Loop;
use crate::debug;
use crate::error::{JoinError, Reason};
use crate::waitable::Waitable;
use cell::Join;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

mod afar;
mod along;
mod any;
mod asking;
mod cell;
mod cooperative;
mod header;
mod inspect;
mod list;
mod listeners;
mod reference;
mod requests;
mod step;
mod surface;
mod waiter;

pub use any::{AnyTask, all_tasks, current_task};
pub(crate) use asking::Asking;
pub(crate) use cooperative::Registration;
pub use cooperative::{cancellable, spawn_cooperative};
pub(crate) use header::Header;
use header::{AWAITED, CANCEL_ON_DROP, HANDLE, QUIET};
pub(crate) use list::Tasks;
pub(crate) use reference::{AfarRef, CurrentTask, TaskRef};
use surface::surface;
pub(crate) use waiter::Waiter;

/// Starts a task: `future` runs on this thread's loop, beside everything else.
///
/// It is not polled inside this call; its first step comes in the next turn, in order of the spawns.
///
/// # Panics
///
/// Outside a loop. A panic of `future` goes to whoever awaits the task, and to the exception handler if nobody does; it
/// never ends the loop.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let task = core_loop::spawn(async { 6 * 7 });
///     assert_eq!(task.await.unwrap(), 42);
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.create_task(coroutine)`. The loop itself keeps the task alive: there is no need to hold the handle.
#[track_caller]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
{
    Task::new(step::spawn(future))
}

/// Starts a task and runs its first step inside this call, in place of the caller's: what ends without waiting has ended when
/// this returns, and never goes through the ready queue.
///
/// # Panics
///
/// Outside a loop. A panic of `future` goes to whoever awaits the task.
///
/// # Python
///
/// `create_task(coroutine, eager_start=True)`, or a loop with `asyncio.eager_task_factory`.
#[track_caller]
pub fn spawn_eager<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
{
    Task::new(step::spawn_eager(future))
}

/// A task on the loop: a future of its output.
///
/// Dropping it detaches the task, which goes on until it ends or the loop closes; [`cancel_on_drop`](Self::cancel_on_drop)
/// changes that. A task that is *being awaited* while its awaiter is cancelled, or times out, is cancelled with it, and ends
/// before it, as in asyncio; any other drop leaves it alone.
///
/// `!Send`: a task belongs to its loop's thread.
///
/// # Panics
///
/// When it is polled again after it gave its output, and when a task awaits itself.
///
/// # Cancel safety
///
/// Awaiting `&mut task` loses nothing: the output stays with the task until a poll returns it.
///
/// # Python
///
/// `asyncio.Task`. There a dropped task may be collected in the middle of its run; here the loop holds it.
#[must_use = "dropping a task detaches it; call `detach` to say so"]
pub struct Task<T: 'static> {
    /// What else there is to know of the handle is in the task's own bits: it is one word.
    join: Join<T>,
}

impl<T: 'static> Task<T> {
    fn new(join: Join<T>) -> Self {
        Self { join }
    }

    surface!(self => self.join.task());

    /// The outcome, if it has ended and nobody has taken the outcome.
    ///
    /// # Python
    ///
    /// `Task.result()` and `Task.exception()`, which raise `InvalidStateError` before the end.
    #[must_use]
    pub fn result(&self) -> Option<Result<&T, &JoinError>> {
        let outcome = self.join.outcome();
        if outcome.is_some() {
            // Somebody has seen it: if it is a failure, it is no news any more.
            self.hush();
        }
        outcome
    }

    /// The same task without the type of its output: what [`all_tasks`] gives. Any number of them may await it.
    #[must_use]
    pub fn any(&self) -> AnyTask {
        AnyTask::of(self.join.task())
    }

    /// Gives it a name, for reports.
    ///
    /// # Python
    ///
    /// `create_task(…, name=name)`.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.set_name(name);
        self
    }

    /// Dropping the handle will cancel the task from now on.
    pub fn cancel_on_drop(self) -> Self {
        self.join.task().set(CANCEL_ON_DROP);
        self
    }

    /// Lets the task run on its own: what a drop does by default.
    pub fn detach(self) {
        self.join.task().detach();
    }

    pub(crate) fn header(&self) -> &Header {
        self.join.task()
    }

    /// The outcome of a task that is done.
    pub(crate) fn take_outcome(&mut self) -> Result<T, JoinError> {
        self.join.take_outcome()
    }

    pub(crate) fn belongs_to(&self, lp: &Loop) -> bool {
        self.join.task().belongs_to(&lp.inner().shared)
    }

    /// Ends the task on the spot, without its clean-ups; one that has ended stays as it is.
    pub(crate) fn discard(&self, lp: &Loop) {
        if !self.done() {
            let _entered = lp.enter();
            self.join.task().discard(lp);
        }
    }

    /// The handle goes although nobody has awaited the task, nor said that it runs on its own. For debug mode.
    fn is_missed(&self) -> bool {
        let task = self.join.task();
        task.is_observed() && !task.is(AWAITED | QUIET) && task.goes_on()
    }

    /// Nobody will miss the outcome: a panic that nobody has seen is not reported.
    pub(crate) fn hush(&self) {
        self.join.task().set(QUIET);
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = self.join.poll(cx);
        if poll.is_pending() {
            self.join.task().set(AWAITED);
        }
        poll
    }
}

impl<T: 'static> Waitable for Task<T> {
    type Value = T;
    type Error = JoinError;

    fn done(&self) -> bool {
        Self::done(self)
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.join.poll_done(cx)
    }

    fn forget_waiter(&mut self) {
        drop(self.join.task().take_waiter());
    }

    fn outcome(&self) -> Option<Result<&T, &JoinError>> {
        self.join.outcome()
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        self.join.task().cancel(reason)
    }

    fn is_foreign(&self) -> bool {
        self.join.task().is_foreign()
    }

    fn cancel_along(&self, reason: Reason) {
        self.join.task().cancel_along(reason);
    }
}

impl<T: 'static> Drop for Task<T> {
    fn drop(&mut self) {
        let task = self.join.task();
        if !task.is(HANDLE) {
            // It gave its output, or was detached: nothing is left to cancel, to let go or to report.
            return;
        }
        if task.is(AWAITED)
            && let Some(reason) = cancelling()
        {
            task.cancel_along(reason);
        } else if task.is(CANCEL_ON_DROP) {
            task.cancel("its handle was dropped".into());
        } else if self.is_missed() {
            debug::never_awaited(task);
        }
        task.detach();
    }
}

impl Loop {
    /// Drops a future because of a cancel: the tasks that it was awaiting are cancelled with it.
    pub(crate) fn drop_cancelled<T>(&self, reason: &Reason, drop: impl FnOnce() -> T) -> T {
        self.cancelling(Some(reason.clone()), drop)
    }

    /// What `act` drops is dropped because of a cancel, or is not, whatever is being dropped around it.
    fn cancelling<T>(&self, reason: Option<Reason>, act: impl FnOnce() -> T) -> T {
        struct Restore<'a>(&'a Loop, Option<Reason>);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.inner().cancelling.replace(self.1.take());
            }
        }
        let _restore = Restore(self, self.inner().cancelling.replace(reason));
        act()
    }
}

/// Why futures are being dropped right now, if that is because of a cancel: what they were awaiting is cancelled with them.
pub(crate) fn cancelling() -> Option<Reason> {
    Loop::try_current()?.inner().cancelling.borrow().clone()
}

/// Lets everything else that is ready run once, then goes on.
///
/// # Cancel safety
///
/// Dropping it loses nothing.
///
/// # Python
///
/// `asyncio.sleep(0)`.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// Made by [`yield_now`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T: 'static> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name())
            .field("done", &self.done())
            .field("spawned_at", &self.spawned_at().to_string())
            .finish_non_exhaustive()
    }
}
