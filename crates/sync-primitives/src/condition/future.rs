//! The wait of a condition.
//!
//! ```text
//!            first poll                    poll, called                    poll
//!  HOLDING ─────────────► IN LINE ───────────────────────► LOCKING ─────────────────────► GONE: the guard is out
//!     │        ▲             │                                │ │
//!     │        │             └─ stop: leaves the line ────────┘ │
//!     │        └────────────── the predicate does not hold ─────┘
//!     └── the predicate holds ──────────────────────────────────────────────────────────► GONE
//! ```
//!
//! Whoever is called stays in the condition's line until it has the lock: so a drop or a stop at any point before finds the
//! notification there, and passes it on. It joins the line before it gives the lock up: so a notification by the next holder
//! cannot come too early.

use super::Condition;
use crate::budget;
use crate::lock::{Guard, HoldsLock, Locking};
use crate::waiters::Place;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Waits for a condition. Made by [`Condition::wait`] and [`Condition::wait_for`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct ConditionWait<'a, H: HoldsLock, P = fn(&mut <H as HoldsLock>::Data) -> bool> {
    condition: &'a Condition,
    /// `None`: one notification is enough.
    predicate: Option<P>,
    stage: Stage<H>,
    /// In the condition's line.
    place: Option<Place>,
    /// Whatever may be notified now, the lock is all that is waited for.
    stopped: bool,
}

enum Stage<H: HoldsLock> {
    Holding(Guard<H>),
    InLine(H),
    Locking(Locking<H>),
    Gone,
}

// The predicate is called, never pinned.
impl<H: HoldsLock, P> Unpin for ConditionWait<'_, H, P> {}

impl<'a, H: HoldsLock, P: FnMut(&mut H::Data) -> bool> ConditionWait<'a, H, P> {
    pub(super) fn new(condition: &'a Condition, guard: Guard<H>, predicate: Option<P>) -> Self {
        Self { condition, predicate, stage: Stage::Holding(guard), place: None, stopped: false }
    }

    /// Waits until `stop` is ready, at most: then what it gave comes back as the error, beside the guard. `stop` is not
    /// asked if there is nothing to wait for, and rules if both come at once. Either way the lock is held again.
    ///
    /// `condition.wait(guard).unless(sleep(duration))` is a wait with a deadline; with the loop's
    /// `cancellable(std::future::pending())` it is the wait of asyncio, which keeps the lock when it is cancelled.
    ///
    /// # Cancel safety
    ///
    /// As [`Condition::wait`].
    ///
    /// # Examples
    ///
    /// ```
    /// # contract::block_on(async {
    /// # use sync_primitives::{Condition, Event, Lock};
    /// let (lock, condition, enough) = (Lock::new(0), Condition::new(), Event::new());
    /// enough.set();
    /// let guard = lock.lock().await;
    /// let (guard, waited) = condition.wait_for(guard, |count| *count > 0).unless(enough.wait()).await;
    /// assert_eq!((*guard, waited), (0, Err(())));
    /// # });
    /// ```
    pub async fn unless<S: Future>(mut self, stop: S) -> (Guard<H>, Result<(), S::Output>) {
        let mut stop = pin!(stop);
        let mut stopped = Ok(());
        let guard = poll_fn(|cx| {
            if matches!(self.stage, Stage::Holding(_)) {
                let done = self.poll_wait(cx);
                if done.is_ready() || matches!(self.stage, Stage::Holding(_)) {
                    return done;
                }
            }
            if stopped.is_ok()
                && let Poll::Ready(output) = stop.as_mut().poll(cx)
            {
                stopped = Err(output);
                self.stop();
            }
            self.poll_wait(cx)
        })
        .await;
        (guard, stopped)
    }

    /// The rest of the wait: only for the lock.
    pub(super) fn stopped(mut self) -> Self {
        self.stop();
        self
    }

    /// Waits for nothing but the lock from now on. A notification that came goes to the next.
    fn stop(&mut self) {
        self.stopped = true;
        self.condition.leave(&mut self.place, true);
        if let Stage::InLine(holder) = &self.stage {
            self.stage = Stage::Locking(Locking::new(holder.clone()));
        }
    }

    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<Guard<H>> {
        let (mut guard, notified) = loop {
            match std::mem::replace(&mut self.stage, Stage::Gone) {
                Stage::Holding(guard) => break (guard, false),
                Stage::InLine(holder) if self.poll_called(cx) => {
                    self.stage = Stage::Locking(Locking::new(holder));
                }
                Stage::Locking(mut locking) => {
                    if let Poll::Ready(guard) = Pin::new(&mut locking).poll(cx) {
                        self.condition.leave(&mut self.place, false);
                        break (guard, true);
                    }
                    self.stage = Stage::Locking(locking);
                    return Poll::Pending;
                }
                Stage::Gone => panic!("a wait for a condition was polled again after it was ready"),
                waiting @ Stage::InLine(_) => {
                    self.stage = waiting;
                    return Poll::Pending;
                }
            }
        };
        let done = match &mut self.predicate {
            _ if self.stopped => true,
            Some(predicate) => predicate(&mut guard),
            None => notified,
        };
        if !done {
            self.join(guard, cx);
            return Poll::Pending;
        }
        // Whoever has taken the lock has paid for that.
        if notified || budget::spend() {
            return Poll::Ready(guard);
        }
        self.stage = Stage::Holding(guard);
        budget::pass(cx)
    }

    /// Joins the condition's line, then gives the lock up.
    fn join(&mut self, guard: Guard<H>, cx: &mut Context<'_>) {
        let (mut line, word) = self.condition.0.occupied();
        // It has a place from here on, and gets no waker back.
        let unneeded = line.wait(&mut self.place, cx.waker());
        debug_assert!(unneeded.is_none());
        line.set(word);
        drop(line);
        self.stage = Stage::InLine(guard.holder().clone());
    }

    fn poll_called(&mut self, cx: &mut Context<'_>) -> bool {
        let mut line = self.condition.0.lock();
        let called = self.place.as_ref().is_none_or(|place| line.is_called(place));
        let unneeded = if called { None } else { line.wait(&mut self.place, cx.waker()) };
        drop(line);
        drop(unneeded);
        called
    }
}

impl<H: HoldsLock, P: FnMut(&mut H::Data) -> bool> Future for ConditionWait<'_, H, P> {
    type Output = Guard<H>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<H>> {
        self.poll_wait(cx)
    }
}

impl<H: HoldsLock, P> Drop for ConditionWait<'_, H, P> {
    fn drop(&mut self) {
        self.condition.leave(&mut self.place, true);
    }
}

impl<H: HoldsLock, P> fmt::Debug for ConditionWait<'_, H, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionWait").finish_non_exhaustive()
    }
}
