//! Groups whose children borrow: they are polled inside their parent, and go with it.

use super::drive::drive_dropping;
use super::error::{ChildError, GroupClosed, GroupError};
use super::slot::Received;
use super::state::{Stage, State};
use crate::error::Reason;
use crate::exception;
use crate::waitable::Waitable;
use link::{Link, Local, Outcome};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

mod link;

/// Futures that belong together and may borrow from whoever awaits them: what [`TaskGroup`](super::TaskGroup) is for tasks.
///
/// The children are no tasks: the future of [`scope`](Self::scope) owns them and polls them, each only when it was woken. So
/// they may borrow whatever outlives that future, and need no loop of their own – also, a child that computes for long
/// delays its siblings and its parent, as the parts of one task.
///
/// This is the handle that children are added with: cheap to clone, so that a child may add siblings.
///
/// # Python
///
/// `asyncio.TaskGroup`. There is nothing to borrow in Python.
pub struct ScopedGroup<'env, E>(Rc<State<'env, E>>);

impl<'env, E: 'env> ScopedGroup<'env, E> {
    /// Runs `body`, which may add children to the group, and waits for all of them.
    ///
    /// When the body or a child fails, all others are dropped in the order in which they were added, and when the last
    /// clean-up has ended the failures come back together.
    ///
    /// # Ordering
    ///
    /// As [`TaskGroup::scope`](super::TaskGroup::scope); children run in the order in which they were woken, and whoever is
    /// woken meanwhile runs in the next turn.
    ///
    /// # Errors
    ///
    /// [`GroupError`], which holds what the children and the body have failed with.
    ///
    /// # Panics
    ///
    /// A panic of a child, or of the body, ends the group as a failure does, and goes on when all have ended; errors beside
    /// it go to the exception handler.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the body, then the children in the order in which they were added. What they leave to clean up (see
    /// [`finally`](crate::finally)) becomes the current task's. Leaking it leaks them: whatever they borrow stays borrowed
    /// only as long as the compiler can see, which is sound because nobody else ever polls them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_loop::{ScopedGroup, yield_now};
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let words = ["borrowed", "not", "owned"].map(String::from);
    ///     let mut longest = 0;
    ///     let lengths = ScopedGroup::<std::convert::Infallible>::scope(async |group| {
    ///         let lengths = words.each_ref().map(|word| {
    ///             group.spawn(async move {
    ///                 yield_now().await;
    ///                 Ok(word.len())
    ///             })
    ///         });
    ///         for length in lengths {
    ///             longest = longest.max(length.await.unwrap());
    ///         }
    ///         Ok(())
    ///     });
    ///     lengths.await.unwrap();
    ///     assert_eq!((longest, words.len()), (8, 3));
    /// })
    /// # }
    /// ```
    ///
    /// What lives inside the body is not there long enough to be borrowed:
    ///
    /// ```compile_fail,E0597
    /// # use core_loop::ScopedGroup;
    /// # async fn outer() {
    /// let _ = ScopedGroup::<()>::scope(async |group| {
    ///     let word = String::from("short-lived");
    ///     let borrowed = &word;
    ///     group.spawn(async move { Ok(borrowed.len()) });
    ///     Ok(())
    /// })
    /// .await;
    /// # }
    /// ```
    ///
    /// Nor does a child, or the group, get out with its borrow:
    ///
    /// ```compile_fail,E0597
    /// # use core_loop::ScopedGroup;
    /// # async fn outer() {
    /// let escaped = {
    ///     let word = String::from("short-lived");
    ///     let borrowed = &word;
    ///     ScopedGroup::<()>::scope(async |group| {
    ///         group.spawn(async move { Ok(borrowed.len()) });
    ///         Ok(group.clone())
    ///     })
    ///     .await
    /// };
    /// # drop(escaped);
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `async with asyncio.TaskGroup() as group:`.
    pub async fn scope<T>(body: impl AsyncFnOnce(&Self) -> Result<T, E>) -> Result<T, GroupError<E>> {
        let group = Self(Rc::new(State::new(|_| None)));
        // Before the body, so that it is dropped after it.
        let _owner = Owner(group.0.clone());
        drive_dropping(&group.0, async || body(&group).await).await
    }

    /// Adds a child, which is polled first in the next turn. Its error is a failure of the group.
    ///
    /// A group that is shutting down, or has ended, takes no more children: then `future` is dropped unpolled, and the handle
    /// says [`ChildError::Cancelled`], with the reason. [`try_spawn`](Self::try_spawn) gives it back.
    pub fn spawn<T: 'env>(&self, future: impl Future<Output = Result<T, E>> + 'env) -> ScopedChild<T> {
        self.try_spawn(future).unwrap_or_else(|closed| ScopedChild::new(Link::refused(closed.reason())))
    }

    /// As [`spawn`](Self::spawn), for whoever must know whether the child was taken.
    ///
    /// # Errors
    ///
    /// [`GroupClosed`], with the future, if the group is shutting down or has ended.
    pub fn try_spawn<T, F>(&self, future: F) -> Result<ScopedChild<T>, GroupClosed<F>>
    where
        T: 'env,
        F: Future<Output = Result<T, E>> + 'env,
    {
        let state = &self.0;
        match state.stage() {
            Stage::Open => {}
            stage => return Err(GroupClosed { future, ended: stage == Stage::Ended }),
        }
        let (id, bell) = state.place();
        let link = Link::new(bell);
        state.add(id, Rc::new(Local::new(Box::pin(future), link.clone())));
        link.ring();
        Ok(ScopedChild::new(link))
    }

    /// Cancels all children, and takes no more. The body goes on, since it has to give the value; this is no failure.
    pub fn cancel(&self, reason: impl Into<Reason>) {
        self.0.shut_down(&reason.into());
    }
}

/// Sits beside the body. Dropped with the group unfinished, drops the children.
struct Owner<'env, E>(Rc<State<'env, E>>);

impl<E> Drop for Owner<'_, E> {
    fn drop(&mut self) {
        // They may hold the group, so they would not go with it.
        for child in self.0.abandon() {
            exception::shielded("a child's destructor panicked", || drop(child));
        }
        self.0.end_unheard();
    }
}

/// A child of a [`ScopedGroup`]: a future of its value. Dropping it changes nothing.
///
/// # Errors
///
/// [`ChildError`], if the child gave no value.
///
/// # Panics
///
/// When it is polled again after it gave its output.
///
/// # Cancel safety
///
/// Awaiting `&mut child` loses nothing.
pub struct ScopedChild<T> {
    link: Rc<Link<T>>,
    received: Received<Outcome<T>>,
}

// The outcome is moved, never pinned.
impl<T> Unpin for ScopedChild<T> {}

impl<T> ScopedChild<T> {
    fn new(link: Rc<Link<T>>) -> Self {
        Self { link, received: Received::nothing() }
    }

    /// Asks for this child to be cancelled, which is no failure of the group: it is dropped before its next poll. `false` if
    /// it has ended. Of several reasons the first counts.
    pub fn cancel(&self, reason: impl Into<Reason>) -> bool {
        self.link.cancel(reason.into())
    }

    /// Whether it has ended.
    #[must_use]
    pub fn done(&self) -> bool {
        self.link.is_done()
    }

    /// The outcome, if it has ended and nobody has taken the outcome.
    #[must_use]
    pub fn result(&self) -> Option<Result<&T, &ChildError>> {
        self.outcome()
    }
}

impl<T> Future for ScopedChild<T> {
    type Output = Result<T, ChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.received.poll(this.link.slot(), cx)
    }
}

impl<T> Waitable for ScopedChild<T> {
    type Value = T;
    type Error = ChildError;

    fn done(&self) -> bool {
        Self::done(self)
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.slot().poll_filled(cx)
    }

    fn forget_waiter(&mut self) {
        self.link.slot().forget_waiter();
    }

    fn outcome(&self) -> Option<Result<&T, &ChildError>> {
        self.received.look(self.link.slot()).map(Result::as_ref)
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        self.link.cancel(reason)
    }
}

impl<E> Clone for ScopedGroup<'_, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E> fmt::Debug for ScopedGroup<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedGroup").field("children", &self.0.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedChild<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedChild").field("done", &self.done()).finish_non_exhaustive()
    }
}
