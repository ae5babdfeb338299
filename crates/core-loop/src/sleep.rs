//! Waiting for a time.

use crate::callback::{Timer, far_from};
use crate::current::Loop;
use crate::moment::Moment;
use crate::timers::TimerKey;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Waits for `duration`, never less. Zero is one yield. A duration too long to count never ends.
///
/// How much later it may come is the runtime's: [`Profile::timer_granularity`](contract::Profile).
///
/// # Panics
///
/// Outside a loop; and when it is awaited after its loop was closed.
///
/// # Cancel safety
///
/// Dropping it disarms its timer.
///
/// # Python
///
/// `asyncio.sleep(delay)`.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let lp = Loop::current();
    let now = lp.time();
    let deadline = now.checked_add(duration).unwrap_or_else(|| far_from(now));
    let state = if duration.is_zero() { State::Due } else { State::New };
    Sleep { lp, deadline: deadline.into(), state }
}

/// Waits until `deadline`, never less. A time that is past is one yield.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it disarms its timer.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let lp = Loop::current();
    let state = if deadline <= lp.time() { State::Due } else { State::New };
    Sleep { lp, deadline: deadline.into(), state }
}

/// Made by [`sleep`] and [`sleep_until`]. Belongs to the loop in which it was made.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    lp: Loop,
    deadline: Moment,
    state: State,
}

enum State {
    New,
    /// Due when it was made: one yield, which keeps its place among all others.
    Due,
    Armed(TimerKey),
    Fired,
}

impl Sleep {
    /// As [`sleep_until`], on a loop that is known. A time that is past comes as a timer, with those that are due next.
    pub(crate) fn until(lp: Loop, deadline: Instant) -> Self {
        Self { lp, deadline: deadline.into(), state: State::New }
    }

    /// Whether its timer went off, also if nobody has polled it since.
    pub(crate) fn has_fired(&self) -> bool {
        match self.state {
            State::New | State::Due => false,
            State::Armed(key) => self.lp.inner().timers.borrow_mut().get_mut(key).is_none(),
            State::Fired => true,
        }
    }

    /// When it ends. Of a time that is centuries away it says 292 years.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline.into()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let timers = &self.lp.inner().timers;
        match self.state {
            State::Fired => return Poll::Ready(()),
            State::Due => {
                self.state = State::Fired;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            State::New => {
                self.check_open();
                // Before the borrow: a foreign waker is cloned.
                let timer = Timer::wakes(cx.waker());
                let key = timers.borrow_mut().arm(self.deadline, timer);
                self.state = State::Armed(key);
                return Poll::Pending;
            }
            State::Armed(key) if self.is_armed(key, cx) => return Poll::Pending,
            State::Armed(_) => {}
        }
        self.check_open();
        self.state = State::Fired;
        Poll::Ready(())
    }
}

impl Sleep {
    /// Whether its timer has not gone off yet; then it wakes `cx`.
    fn is_armed(&self, key: TimerKey, cx: &Context<'_>) -> bool {
        let timers = &self.lp.inner().timers;
        let Some(known) = timers.borrow_mut().get_mut(key).map(|timer| timer.will_wake(cx.waker())) else {
            return false;
        };
        if known {
            return true;
        }
        // Outside the borrow, both: a foreign waker that is cloned may call back, and one that is dropped may own what ends
        // another timer.
        let mut other = Timer::wakes(cx.waker());
        timers.borrow_mut().get_mut(key).map(|timer| std::mem::swap(timer, &mut other)).is_some()
    }

    /// A loop that is closed fires no timer: waiting for one would never end.
    fn check_open(&self) {
        assert!(
            !self.lp.inner().shared.is_closed(),
            "a sleep was awaited after its loop was closed: make it in the loop that awaits it"
        );
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let State::Armed(key) = self.state {
            let timer = self.lp.inner().timers.borrow_mut().cancel(key);
            drop(timer);
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}
