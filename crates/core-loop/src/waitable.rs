//! What comes to an outcome on its own, whether anybody polls it or not.

use crate::error::{JoinError, Reason};
use crate::group::ChildError;
use crate::shield::Shield;
use std::task::{Context, Poll};

/// A handle of something that comes to its outcome on its own: a [`Task`](crate::Task) or [`AnyTask`](crate::AnyTask), a child
/// of a [group](crate::ChildTask), a [`Future`](crate::Future), a [`Shield`] around one of them, or `&mut` of any. A
/// [`Job`](contract::Job) of an executor becomes one by [`wrap_future`](crate::wrap_future()).
///
/// This is what [`wait`](crate::wait), [`wait_for`](crate::wait_for) and [`as_completed`](crate::as_completed) take: they
/// look whether the outcome is there and leave it where it is, for which a plain future has no means. Give them
/// [`spawn(future)`](crate::spawn).
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let limit = Duration::from_secs(1);
///     assert_eq!(core_loop::wait_for(limit, core_loop::spawn(async { 1 })).await.unwrap().unwrap(), 1);
/// })
/// # }
/// ```
///
/// ```compile_fail
/// # use std::time::Duration;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let limit = Duration::from_secs(1);
///     assert_eq!(core_loop::wait_for(limit, async { 1 }).await.unwrap().unwrap(), 1);
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.Future` as the base class of `asyncio.Task`. There the functions turn a coroutine into a task on their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no task and no `core_loop::Future`: it has no outcome unless somebody polls it",
    label = "a plain future",
    note = "make a task of it: `spawn(future)`; to bound the time of a plain future there is `timeout(duration, future)`"
)]
pub trait Waitable: Future<Output = Result<Self::Value, Self::Error>> + Unpin {
    /// What it gives, unless it is cancelled or panics.
    type Value;
    /// Why it gives none.
    type Error: CancelError;

    /// Whether the outcome is there.
    ///
    /// # Python
    ///
    /// `Future.done()`.
    fn done(&self) -> bool;

    /// Waits until the outcome is there, and leaves it where it is.
    ///
    /// Unlike polling the handle itself this makes nobody an awaiter: a cancel of whoever waits does not reach it.
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Whoever polled last waits no more.
    fn forget_waiter(&mut self);

    /// The outcome, left where it is; `None` while it is not there, and once it was taken.
    fn outcome(&self) -> Option<Result<&Self::Value, &Self::Error>>;

    /// Asks for a cancel. `false` if there is an outcome already.
    ///
    /// # Python
    ///
    /// `Future.cancel(msg)`.
    fn request_cancel(&self, reason: Reason) -> bool;

    /// Whether it runs on another loop than the one that runs here. That one may stand still for as long as this one runs, so
    /// nobody waits for its end who is cancelled, or whose time is over.
    fn is_foreign(&self) -> bool {
        false
    }

    /// Asks for a cancel because whoever awaits it is being cancelled. A task that takes a while to end becomes a clean-up of
    /// the one that is running, which so ends after it.
    fn cancel_along(&self, reason: Reason) {
        self.request_cancel(reason);
    }

    /// Awaits it so that a cancel of the awaiter does not reach it: see [`shield`](crate::shield), which does this for a
    /// plain future.
    ///
    /// # Python
    ///
    /// `asyncio.shield(task)`.
    fn shield(self) -> Shield<Self>
    where
        Self: Sized,
    {
        Shield::new(self)
    }
}

/// Why something that can be waited for gave nothing: an error among whose causes is a cancel.
pub trait CancelError: std::error::Error {
    /// The error of what was cancelled.
    fn cancelled(reason: Reason) -> Self;

    /// Whether it is that, and no failure.
    fn is_cancel(&self) -> bool;
}

impl CancelError for JoinError {
    fn cancelled(reason: Reason) -> Self {
        Self::Cancelled(reason)
    }

    fn is_cancel(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }
}

impl CancelError for ChildError {
    fn cancelled(reason: Reason) -> Self {
        Self::Cancelled(reason)
    }

    fn is_cancel(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }
}

impl<W: Waitable + ?Sized> Waitable for &mut W {
    type Value = W::Value;
    type Error = W::Error;

    fn done(&self) -> bool {
        (**self).done()
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_done(cx)
    }

    fn forget_waiter(&mut self) {
        (**self).forget_waiter();
    }

    fn outcome(&self) -> Option<Result<&Self::Value, &Self::Error>> {
        (**self).outcome()
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        (**self).request_cancel(reason)
    }

    fn is_foreign(&self) -> bool {
        (**self).is_foreign()
    }

    fn cancel_along(&self, reason: Reason) {
        (**self).cancel_along(reason);
    }
}
