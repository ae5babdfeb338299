//! Giving a future only so much time.

use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::{Elapsed, Reason};
use crate::sleep::{Sleep, sleep, sleep_until};
use contract::Panic;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

mod pinned;

/// Awaits `future` for at most `duration`, then drops it.
///
/// `future` is polled once before the clock is looked at, so one that needs no waiting is never too late. After that the
/// deadline is looked at first: an output that becomes ready in the same turn as the deadline loses, as in asyncio.
/// If dropping `future` left clean-ups behind (see [`finally`](crate::finally)), the error comes after they have ended. A
/// task that `future` was awaiting is cancelled.
///
/// # Errors
///
/// [`Elapsed`], if the time is over first.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it drops `future`, and loses what a drop of `future` loses.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let slow = core_loop::sleep(Duration::from_secs(3600));
///     assert!(core_loop::timeout(Duration::from_millis(5), slow).await.is_err());
/// })
/// # }
/// ```
///
/// # Python
///
/// `async with asyncio.timeout(delay)`; `asyncio.wait_for` of a coroutine. There the body sees a `CancelledError`, which it may
/// swallow; here it is dropped.
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout::new(sleep(duration), future)
}

/// Awaits `future` until `deadline` at most, then drops it: as [`timeout()`], for a time instead of a duration. If that is
/// past, `future` is polled once all the same.
///
/// # Errors
///
/// [`Elapsed`], if the time comes first.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it drops `future`, and loses what a drop of `future` loses.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let deadline = core_loop::Loop::current().time() + Duration::from_millis(5);
///     assert!(core_loop::timeout_at(deadline, std::future::pending::<()>()).await.is_err());
///     assert_eq!(core_loop::timeout_at(deadline, async { "in time" }).await, Ok("in time"));
/// })
/// # }
/// ```
///
/// # Python
///
/// `async with asyncio.timeout_at(when)`.
#[track_caller]
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout::new(sleep_until(deadline), future)
}

/// Made by [`timeout()`] and [`timeout_at`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Timeout<F> {
    future: Option<F>,
    sleep: Sleep,
    stage: Stage,
}

enum Stage {
    Running { polled: bool },
    CleaningUp(Pending),
    Over,
}

impl<F> Timeout<F> {
    fn new(sleep: Sleep, future: F) -> Self {
        Self { future: Some(future), sleep, stage: Stage::Running { polled: false } }
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut parts = self.parts();
        if let Stage::Running { polled } = parts.stage {
            let over = *polled && Pin::new(&mut *parts.sleep).poll(cx).is_ready();
            if !over {
                let future = parts.future.as_mut().as_pin_mut().expect("it runs");
                if let Poll::Ready(output) = future.poll(cx) {
                    *parts.stage = Stage::Over;
                    parts.future.set(None);
                    return Poll::Ready(Ok(output));
                }
                if !std::mem::replace(polled, true) {
                    // Arms the timer.
                    let _armed = Pin::new(parts.sleep).poll(cx);
                }
                return Poll::Pending;
            }
            *parts.stage = Stage::Over;
            expire(|| parts.future.set(None), |pending| *parts.stage = Stage::CleaningUp(pending));
        }
        let Stage::CleaningUp(pending) = parts.stage else {
            panic!("a timeout was polled again after it ended: keep what the first await gave")
        };
        std::task::ready!(pending.poll(cx));
        *parts.stage = Stage::Over;
        Poll::Ready(Err(Elapsed))
    }
}

/// The time is over: drops a body as a cancel does, and keeps the clean-ups that this left behind. Panics if a destructor
/// of the body does, after they are kept.
pub(crate) fn expire(drop: impl FnOnce(), keep: impl FnOnce(Pending)) {
    let lp = Loop::current();
    let mut panicked = None;
    let pending = Pending::of(&lp, || {
        let reason = Reason::from("the time is over");
        panicked = Panic::catch(|| lp.drop_cancelled(&reason, drop)).err();
    });
    keep(pending);
    if let Some(panic) = panicked {
        panic.resume();
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("deadline", &self.sleep.deadline()).finish_non_exhaustive()
    }
}
