//! Giving a task only so much time, and waiting until it has really ended.

use crate::error::{Elapsed, Reason};
use crate::sleep::{Sleep, sleep};
use crate::task::cancelling;
use crate::waitable::{CancelError, Waitable};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Awaits `handle` for at most `duration`, then cancels it and waits until it has ended, its clean-ups with it.
///
/// ```text
///   WAITING ─────► ENDING       the time is over: the cancel is asked for
///      │              │
///      └──────────────┴──► its outcome, or Elapsed for one that the cancel ended
/// ```
///
/// The deadline is looked at first: an outcome that comes in the same turn loses, as in asyncio – and stays with the
/// handle, if `&mut` was given. With no time at all an outcome that is there already is given, and a task that has not
/// begun never does. If whoever awaits is cancelled, so is what `handle` stands for, and ends first. [`Waitable::shield`]
/// prevents both cancels.
///
/// For a plain future, which has no life of its own, there is [`timeout`](crate::timeout()); or `spawn` it.
///
/// # Errors
///
/// The outer one is [`Elapsed`]. The inner one is the handle's own. What a cancel that came too late, or was not heeded,
/// leaves as outcome is given instead of `Elapsed`.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it in any other way than by a cancel detaches the task, or leaves it to the handle behind `&mut`.
///
/// # Examples
///
/// ```
/// use core_loop::{Elapsed, spawn, wait_for};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let stuck = spawn(std::future::pending::<()>());
///     assert!(matches!(wait_for(Duration::from_millis(1), stuck).await, Err(Elapsed)));
///
///     let quick = spawn(async { 7 });
///     assert_eq!(wait_for(Duration::from_secs(5), quick).await.unwrap().unwrap(), 7);
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.wait_for(aw, timeout)`. There a coroutine is made a task if need be.
#[track_caller]
pub fn wait_for<W: Waitable>(duration: Duration, handle: W) -> WaitFor<W> {
    let stage = if duration.is_zero() { Stage::NoTime } else { Stage::Waiting { polled: false } };
    WaitFor { handle, sleep: sleep(duration), stage }
}

/// The outcome of a handle, or its time was over.
type Bounded<W> = Result<Result<<W as Waitable>::Value, <W as Waitable>::Error>, Elapsed>;

/// Made by [`wait_for`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct WaitFor<W: Waitable> {
    handle: W,
    sleep: Sleep,
    stage: Stage,
}

enum Stage {
    /// Nothing but an outcome that is there already will do.
    NoTime,
    Waiting {
        polled: bool,
    },
    Ending,
    Over,
}

// The handle is `Unpin`.
impl<W: Waitable> Unpin for WaitFor<W> {}

impl<W: Waitable> WaitFor<W> {
    /// The time is over: `handle` must still end.
    fn expire(&mut self) {
        self.stage = Stage::Ending;
        self.handle.request_cancel(Reason::from("the time is over"));
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Poll<Bounded<W>> {
        self.stage = Stage::Over;
        Pin::new(&mut self.handle).poll(cx).map(Ok)
    }
}

impl<W: Waitable> Future for WaitFor<W> {
    type Output = Bounded<W>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match &mut this.stage {
            Stage::NoTime if this.handle.done() => return this.take(cx),
            Stage::NoTime => {
                this.expire();
            }
            Stage::Waiting { polled } => {
                if *polled && Pin::new(&mut this.sleep).poll(cx).is_ready() {
                    if this.handle.done() {
                        this.stage = Stage::Over;
                        return Poll::Ready(Err(Elapsed));
                    }
                    // It may be too late for a cancel, although the clean-ups have not ended.
                    this.expire();
                } else if this.handle.poll_done(cx).is_ready() {
                    return this.take(cx);
                } else {
                    if !std::mem::replace(polled, true) {
                        let _armed = Pin::new(&mut this.sleep).poll(cx);
                    }
                    return Poll::Pending;
                }
            }
            Stage::Ending => {}
            Stage::Over => {
                panic!("a `wait_for` was polled again after it ended: keep what the first await gave")
            }
        }
        if this.handle.poll_done(cx).is_pending() {
            if !this.handle.is_foreign() {
                return Poll::Pending;
            }
            // Its loop may stand still: it was asked, and that is all.
            this.stage = Stage::Over;
            return Poll::Ready(Err(Elapsed));
        }
        if !matches!(this.handle.outcome(), Some(Err(error)) if error.is_cancel()) {
            return this.take(cx);
        }
        this.stage = Stage::Over;
        Poll::Ready(Err(Elapsed))
    }
}

impl<W: Waitable> Drop for WaitFor<W> {
    fn drop(&mut self) {
        self.handle.forget_waiter();
        if matches!(self.stage, Stage::Waiting { polled: true } | Stage::Ending)
            && let Some(reason) = cancelling()
        {
            self.handle.cancel_along(reason);
        }
    }
}

impl<W: Waitable> fmt::Debug for WaitFor<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor").field("deadline", &self.sleep.deadline()).finish_non_exhaustive()
    }
}
