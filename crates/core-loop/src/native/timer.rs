//! The loop's one timer.

use super::alarm::Alarm;
use super::poller::Poller;
use std::cell::Cell;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

#[derive(Default)]
pub(crate) struct Timer {
    deadline: Cell<Option<Instant>>,
    /// Whom to wake. It stays when the timer has fired: the next one is mostly set by the same root.
    waker: Cell<Option<Waker>>,
    alarm: Alarm,
}

impl Timer {
    pub(crate) fn poll(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let due = deadline.is_some_and(|deadline| deadline <= Instant::now());
        self.deadline.set(deadline.filter(|_| !due));
        if due {
            return Poll::Ready(());
        }
        if deadline.is_some() {
            let stored = self.waker.take().filter(|stored| stored.will_wake(cx.waker()));
            self.waker.set(Some(stored.unwrap_or_else(|| cx.waker().clone())));
        }
        Poll::Pending
    }

    /// How long the loop may sleep; `None`: as long as it likes.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.deadline.get().map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Before a sleep: sees to it that it ends in time. Gives the timeout that this takes, beside the alarm.
    pub(crate) fn set_alarm(&self, poller: &Poller) -> Option<Duration> {
        self.deadline.get().and_then(|deadline| self.alarm.set(poller, deadline))
    }

    pub(crate) fn fire_if_due(&self) {
        if self.deadline.get().is_some_and(|deadline| deadline <= Instant::now()) {
            self.deadline.set(None);
            if let Some(waker) = self.waker.take() {
                waker.wake_by_ref();
                self.waker.set(Some(waker));
            }
        }
    }
}
