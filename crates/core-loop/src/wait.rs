//! Waiting until enough of several have ended.

use crate::bells::{Bell, Bells};
use crate::error::JoinError;
use crate::sleep::{Sleep, sleep};
use crate::waitable::{CancelError, Waitable};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Waits until enough of `handles` are done, and gives those that are done and those that are not, each in the order of
/// the arguments.
///
/// It only looks: nothing is cancelled and nothing is taken. The handles stay with the caller, who then awaits those that
/// are done. Without any it is ready at once. Everything that is done when it comes back counts as done, also what ended
/// in the same turn.
///
/// # Cancel safety
///
/// Dropping it, also by a cancel, loses nothing and leaves the handles as they are.
///
/// # Examples
///
/// ```
/// use core_loop::{ReturnWhen, Waited, sleep, spawn, wait};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let mut tasks: Vec<_> = [30, 1].map(|ms| spawn(sleep(Duration::from_millis(ms)))).into();
///     let Waited { done, pending } = wait(&mut tasks, ReturnWhen::FIRST_COMPLETED).await;
///     assert_eq!((done.len(), pending.len()), (1, 1));
///     let Waited { done, pending } = wait(pending, ReturnWhen::ALL_COMPLETED).timeout(Duration::ZERO).await;
///     assert_eq!((done.len(), pending.len()), (0, 1), "not an error");
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.wait(aws, timeout=…, return_when=…)`. There the sets have no order, and an empty one is an error.
pub fn wait<'a, W, I>(handles: I, return_when: ReturnWhen<W::Value, W::Error>) -> Wait<'a, W>
where
    W: Waitable,
    I: IntoIterator<Item = &'a mut W>,
{
    let handles: Vec<_> = handles.into_iter().collect();
    let left = vec![true; handles.len()];
    Wait { handles, left, enough: return_when.0, timeout: None, bells: None }
}

/// When [`wait`] has seen enough, of what gives a `T`, or an `E` instead: [`JoinError`] of tasks.
pub struct ReturnWhen<T, E = JoinError>(Enough<T, E>);

/// Whether one such outcome is enough.
type Enough<T, E> = fn(Result<&T, &E>) -> bool;

impl<T, E: CancelError> ReturnWhen<T, E> {
    /// As soon as one is done.
    ///
    /// # Python
    ///
    /// `asyncio.FIRST_COMPLETED`.
    pub const FIRST_COMPLETED: Self = Self(|_| true);

    /// As soon as one has panicked, or all are done. A cancel is no panic. Of the children of a group: as soon as one has
    /// failed in any way.
    ///
    /// # Python
    ///
    /// `asyncio.FIRST_EXCEPTION`, for outputs that are no `Result`.
    pub const FIRST_PANIC: Self = Self(panicked);

    /// When all are done.
    ///
    /// # Python
    ///
    /// `asyncio.ALL_COMPLETED`.
    pub const ALL_COMPLETED: Self = Self(|_| false);
}

impl<T, F, E: CancelError> ReturnWhen<Result<T, F>, E> {
    /// As soon as one gave an error or has panicked, or all are done. A cancel is no error.
    ///
    /// # Python
    ///
    /// `asyncio.FIRST_EXCEPTION`.
    pub const FIRST_EXCEPTION: Self = Self(|outcome| matches!(outcome, Ok(Err(_))) || panicked(outcome));
}

/// Whether it failed on its own account.
fn panicked<T, E: CancelError>(outcome: Result<&T, &E>) -> bool {
    outcome.is_err_and(|error| !error.is_cancel())
}

/// What [`wait`] saw.
///
/// # Python
///
/// The pair `(done, pending)`.
#[derive(Debug)]
pub struct Waited<'a, W> {
    /// Those that have their outcome: awaiting one gives it at once.
    pub done: Vec<&'a mut W>,
    /// Those that have not.
    pub pending: Vec<&'a mut W>,
}

/// Made by [`wait`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Wait<'a, W: Waitable> {
    handles: Vec<&'a mut W>,
    enough: Enough<W::Value, W::Error>,
    /// Which have not been seen to be done.
    left: Vec<bool>,
    timeout: Option<Sleep>,
    /// One for each handle, from the first poll on.
    bells: Option<(Bells, Vec<Bell>)>,
}

impl<W: Waitable> Wait<'_, W> {
    /// Waits for at most `duration`, from now on; then whatever is done by then is done. Not an error, unlike
    /// [`timeout`](crate::timeout()) around it.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    #[track_caller]
    pub fn timeout(mut self, duration: Duration) -> Self {
        self.timeout = Some(sleep(duration));
        self
    }

    /// Looks at those that have rung; `true` if that is enough.
    fn look(&mut self, cx: &Context<'_>) -> bool {
        let (bells, each) = self.bells.get_or_insert_with(|| {
            let bells = Bells::default();
            let each: Vec<_> = (0..self.handles.len()).map(|index| bells.bell(index)).collect();
            each.iter().for_each(Bell::ring);
            (bells, each)
        });
        for index in bells.answer(cx) {
            let (handle, bell) = (&mut self.handles[index], &each[index]);
            bell.heard();
            if handle.done() || handle.poll_done(&mut Context::from_waker(&bell.waker())).is_ready() {
                self.left[index] = false;
                if handle.outcome().is_some_and(self.enough) {
                    return true;
                }
            }
        }
        !self.left.contains(&true)
    }

    fn stop(&mut self) {
        if let Some((bells, _)) = self.bells.take() {
            bells.forget_waiter();
            self.handles.iter_mut().for_each(Waitable::forget_waiter);
        }
    }
}

impl<'a, W: Waitable> Future for Wait<'a, W> {
    type Output = Waited<'a, W>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Waited<'a, W>> {
        let this = &mut *self;
        let late = |sleep: &mut Sleep| Pin::new(sleep).poll(cx).is_ready();
        let late = this.timeout.as_mut().is_some_and(late);
        if !this.look(cx) && !late {
            return Poll::Pending;
        }
        this.stop();
        this.left.clear();
        let (done, pending) = std::mem::take(&mut this.handles).into_iter().partition(|handle| handle.done());
        Poll::Ready(Waited { done, pending })
    }
}

impl<W: Waitable> Drop for Wait<'_, W> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<W: Waitable> fmt::Debug for Wait<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("handles", &self.handles.len()).finish_non_exhaustive()
    }
}

impl<T, E> fmt::Debug for ReturnWhen<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnWhen").finish_non_exhaustive()
    }
}

impl<T, E> Clone for ReturnWhen<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for ReturnWhen<T, E> {}
