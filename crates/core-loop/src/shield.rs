//! Awaiting something that a cancel of the awaiter must not reach.

use crate::error::Reason;
use crate::exception;
use crate::task::{Task, spawn};
use crate::waitable::{CancelError, Waitable};
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Runs `future` as a task of its own, and awaits it so that a cancel of whoever awaits does not reach it: only the await
/// is dropped, and the task goes on.
///
/// The task is spawned inside this call. For one that runs already there is [`Waitable::shield`]:
/// `(&mut task).shield().await`, after which the handle is still there.
///
/// # Errors
///
/// The [`JoinError`](crate::JoinError) of the task: if it is cancelled itself, that is what comes out.
///
/// # Panics
///
/// Outside a loop. A panic of the task whose shield is gone goes to the exception handler, once.
///
/// # Cancel safety
///
/// Dropping it, in any way, detaches the task, which goes on.
///
/// # Examples
///
/// ```
/// use core_loop::Waitable;
/// use std::time::Duration;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let mut saving = core_loop::spawn(async {
///         core_loop::sleep(Duration::from_millis(5)).await;
///         "saved"
///     });
///     let hasty = core_loop::timeout(Duration::ZERO, (&mut saving).shield()).await;
///     assert!(hasty.is_err(), "nobody waited for it");
///     assert_eq!(saving.await.unwrap(), "saved");
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.shield(aw)`. There the task may be collected when nobody else holds it; here the loop holds it.
#[track_caller]
pub fn shield<F>(future: F) -> Shield<Task<F::Output>>
where
    F: Future + 'static,
{
    Shield::new(spawn(future))
}

/// Made by [`shield`] and [`Waitable::shield`]. Itself [`Waitable`]: cancelling it leaves alone what it protects.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Shield<W: Waitable> {
    handle: W,
    /// Set when the shield itself was cancelled: why, and what it gives.
    cancelled: OnceCell<(Reason, W::Error)>,
    /// Who waits for either.
    waiter: RefCell<Option<Waker>>,
}

// What it protects is behind a handle, which is `Unpin`.
impl<W: Waitable> Unpin for Shield<W> {}

impl<W: Waitable> Shield<W> {
    pub(crate) fn new(handle: W) -> Self {
        Self { handle, cancelled: OnceCell::new(), waiter: RefCell::new(None) }
    }
}

impl<W: Waitable> Future for Shield<W> {
    type Output = Result<W::Value, W::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Only looked at until it is done, so that the handle never counts as awaited.
        if self.poll_done(cx).is_pending() {
            return Poll::Pending;
        }
        match self.cancelled.get() {
            Some((reason, _)) => Poll::Ready(Err(W::Error::cancelled(reason.clone()))),
            None => Pin::new(&mut self.handle).poll(cx),
        }
    }
}

impl<W: Waitable> Waitable for Shield<W> {
    type Value = W::Value;
    type Error = W::Error;

    fn done(&self) -> bool {
        self.cancelled.get().is_some() || self.handle.done()
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.cancelled.get().is_some() || self.handle.poll_done(cx).is_ready() {
            return Poll::Ready(());
        }
        let before = self.waiter.replace(Some(cx.waker().clone()));
        drop(before);
        Poll::Pending
    }

    fn forget_waiter(&mut self) {
        self.handle.forget_waiter();
        self.waiter.take();
    }

    fn outcome(&self) -> Option<Result<&Self::Value, &Self::Error>> {
        self.cancelled.get().map(|(_, error)| Err(error)).or_else(|| self.handle.outcome())
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        let cancelled = (reason.clone(), W::Error::cancelled(reason));
        if self.done() || self.cancelled.set(cancelled).is_err() {
            return false;
        }
        let waiter = self.waiter.take();
        if let Some(waiter) = waiter {
            exception::wake(waiter);
        }
        true
    }
}

impl<W: Waitable> Drop for Shield<W> {
    fn drop(&mut self) {
        self.handle.forget_waiter();
    }
}

impl<W: Waitable> fmt::Debug for Shield<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").field("done", &self.done()).finish_non_exhaustive()
    }
}
