//! Cooperative cancellation: a cancel is a request, which the task answers where it chooses to. See `requests.rs`.

use super::header::{COOPERATIVE, GIVES_UP};
use super::reference::TaskRef;
use super::{Task, step};
use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::{Cancelled, Reason};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A place in a cooperative task where a request can be taken, for as long as it lives.
pub(crate) struct Registration {
    task: TaskRef,
    number: u64,
}

impl Registration {
    /// `None` if the task that runs is not a cooperative one.
    fn new(waker: &Waker) -> Option<Self> {
        let task = Loop::try_current()?.inner().current.get().filter(|task| task.is(COOPERATIVE))?;
        let inside = task.extras().requests.inside.get();
        Some(Self::within(task, inside, waker))
    }

    pub(super) fn within(task: TaskRef, scope: u64, waker: &Waker) -> Self {
        let number = task.extras().requests.begin_place(scope, waker);
        Self { task, number }
    }

    /// Takes the request if there is one for this place; if not, its next one wakes `cx`. It goes back when this is dropped
    /// before it was [delivered](Self::deliver).
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Option<Reason> {
        self.task.extras().requests.take(self.number, cx.waker())
    }

    /// It takes no more.
    fn close(&self) {
        self.task.extras().requests.close_place(self.number);
    }

    /// Whoever polls hears of what it has taken.
    pub(crate) fn deliver(self) {
        self.task.extras().requests.deliver(self.number);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.task.extras().requests.end_place(self.number);
    }
}

/// Starts a cooperative task: a cancel does not drop its future, but is a request that arrives at the innermost
/// [`cancellable`] in it.
///
/// The task goes on being polled. It may clean up with awaits and pass the error on with `?`, which ends it as
/// [`JoinError::Cancelled`](crate::JoinError); or fail in another way; or swallow the request, go on, and say so by
/// [`AnyTask::uncancel`](crate::AnyTask::uncancel). With no `cancellable` under way the request waits for the next one. What
/// a task does not put into a `cancellable` is not interrupted: after the grace of the close, its future is dropped.
///
/// # Panics
///
/// Outside a loop.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// use core_loop::{JoinError, cancellable, sleep, spawn_cooperative, yield_now};
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let task = spawn_cooperative(async {
///         let slept = cancellable(sleep(Duration::from_secs(3600))).await;
///         yield_now().await; // clean up, with awaits
///         slept?;
///         Ok("never")
///     });
///     yield_now().await;
///     task.cancel("enough");
///     assert!(matches!(task.await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "enough"));
/// })
/// # }
/// ```
///
/// # Python
///
/// Every `asyncio.Task` is of this kind, and each of its `await`s a `cancellable`. A task that is cancelled before its first
/// step never starts there; here it starts, and its first `cancellable` says so.
#[track_caller]
pub fn spawn_cooperative<T: 'static>(
    future: impl Future<Output = Result<T, Cancelled>> + 'static,
) -> Task<T> {
    let join = step::spawn(async move {
        let mut future = pin!(future);
        poll_fn(|cx| answer(future.as_mut(), cx)).await
    });
    join.task().set(COOPERATIVE);
    Task::new(join)
}

/// An error is the last that is heard of the future: the task gives up.
fn answer<T>(future: Pin<&mut impl Future<Output = Result<T, Cancelled>>>, cx: &mut Context<'_>) -> Poll<T> {
    match future.poll(cx) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(output)) => Poll::Ready(output),
        Poll::Ready(Err(cancelled)) => {
            let task = Loop::try_current().and_then(|lp| lp.inner().current.get());
            if let Some(task) = task {
                task.extras().cancel.set(Some(cancelled.into_reason()));
                task.set(GIVES_UP);
            }
            Poll::Pending
        }
    }
}

/// Awaits `future` where a cancel of a [cooperative](spawn_cooperative) task may interrupt it: of several that are under way
/// in one task, the one that began last takes the request; that of a [group](crate::TaskGroup::scope_cooperative) or a
/// [timeout](crate::timeout_scope_cooperative) goes to the one that began last in its body. `future` is dropped then, tasks that it was awaiting are cancelled
/// with it, and the error comes after the clean-ups that it left behind (see [`finally`](crate::finally)).
///
/// A request that came before is taken before `future` is polled: also one that is ready loses against a cancel. In a task
/// of the usual kind, and outside of one, it just awaits `future`.
///
/// # Errors
///
/// [`Cancelled`], with the reason of the last request.
///
/// # Cancel safety
///
/// Dropping it drops `future`. A request that it has not told of is for the one around it, or waits for the next one: also
/// one that has interrupted `future` already, when this is dropped while it waits for the clean-ups.
///
/// # Python
///
/// Any `await`, and the `CancelledError` that it raises.
pub async fn cancellable<F: Future>(future: F) -> Result<F::Output, Cancelled> {
    let mut future = pin!(Some(future));
    let mut place = None;
    let mut is_new = true;
    let outcome = poll_fn(|cx| {
        if std::mem::take(&mut is_new) {
            place = Registration::new(cx.waker());
        }
        if let Some(reason) = place.as_ref().and_then(|place| place.poll(cx)) {
            return Poll::Ready(Err(reason));
        }
        match future.as_mut().as_pin_mut() {
            Some(future) => future.poll(cx).map(Ok),
            None => unreachable!("it is there until it is interrupted"),
        }
    })
    .await;
    let reason = match outcome {
        Ok(output) => return Ok(output),
        Err(reason) => reason,
    };
    place.iter().for_each(Registration::close);
    let lp = Loop::current();
    let mut left = Pending::of(&lp, || lp.drop_cancelled(&reason, || future.set(None)));
    poll_fn(|cx| left.poll(cx)).await;
    place.into_iter().for_each(Registration::deliver);
    Err(Cancelled::new(reason))
}
