//! Giving a future only so much time.

use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::{Elapsed, Reason};
use crate::sleep::{Sleep, sleep};
use contract::Panic;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

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
/// # Python
///
/// `async with asyncio.timeout(delay)` and `asyncio.wait_for`. There the body sees a `CancelledError`, which it may
/// swallow; here it is dropped.
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
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout { sleep: sleep(duration), stage: Stage::Running { future: Box::pin(future), polled: false } }
}

/// Made by [`timeout`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Timeout<F> {
    sleep: Sleep,
    stage: Stage<F>,
}

enum Stage<F> {
    Running { future: Pin<Box<F>>, polled: bool },
    CleaningUp(Pending),
    Over,
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Stage::Running { future, polled } = &mut this.stage {
            let over = *polled && Pin::new(&mut this.sleep).poll(cx).is_ready();
            if !over {
                if let Poll::Ready(output) = future.as_mut().poll(cx) {
                    this.stage = Stage::Over;
                    return Poll::Ready(Ok(output));
                }
                if !std::mem::replace(polled, true) {
                    // Arms the timer.
                    let _armed = Pin::new(&mut this.sleep).poll(cx);
                }
                return Poll::Pending;
            }
            this.expire();
        }
        let Stage::CleaningUp(pending) = &mut this.stage else {
            panic!("a timeout was polled after it ended")
        };
        match pending.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                this.stage = Stage::Over;
                Poll::Ready(Err(Elapsed))
            }
        }
    }
}

impl<F> Timeout<F> {
    /// Drops the future, and takes over the clean-ups that this left behind.
    fn expire(&mut self) {
        let lp = Loop::current();
        let running = std::mem::replace(&mut self.stage, Stage::Over);
        let mut panicked = None;
        let pending = Pending::of(&lp, || {
            let reason = Reason::from("the time is over");
            panicked = Panic::catch(|| lp.drop_cancelled(&reason, || drop(running))).err();
        });
        self.stage = Stage::CleaningUp(pending);
        if let Some(panic) = panicked {
            panic.resume();
        }
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("deadline", &self.sleep.deadline()).finish_non_exhaustive()
    }
}
