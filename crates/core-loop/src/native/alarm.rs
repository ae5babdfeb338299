//! What ends a sleep in time: a timerfd, which is exact.
//!
//! A timeout of the wait itself is not: the kernel adds the thread's timer slack, 50 µs unless set otherwise, and a
//! thousandth of the timeout.

use super::poller::Poller;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// No sleep is shorter: where timers are dense, one wake then serves many. It is what the kernel's slack does, but a timer
/// that is further away is exact.
const SHORTEST: Duration = Duration::from_micros(50);

#[derive(Default)]
pub(crate) struct Alarm {
    /// Made for the first timer; `None` if there was no descriptor left.
    timerfd: OnceCell<Option<TimerFd>>,
    /// When it goes off. One that is too early for the next sleep stays as it is: it ends that sleep for nothing once, where
    /// setting it anew would be a system call for each deadline that moved. Timeouts that never fire mostly move.
    at: Cell<Option<Instant>>,
}

impl Alarm {
    /// Sees to it that a sleep ends at `deadline`, or somewhat before it, or after the shortest sleep: by the alarm (`None`),
    /// or by the timeout that this gives.
    pub(crate) fn set(&self, poller: &Poller, deadline: Instant) -> Option<Duration> {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        if left.is_zero() {
            return Some(left);
        }
        let wanted = deadline.max(now + SHORTEST);
        if self.at.get().is_some_and(|at| now < at && at <= wanted) {
            return None;
        }
        let Some(timerfd) = self.timerfd.get_or_init(|| make(poller)) else { return Some(left) };
        // Relative to a moment that is already past, so never early.
        let expiration = Expiration::OneShot(TimeSpec::from_duration(wanted - now));
        if timerfd.set(expiration, TimerSetTimeFlags::empty()).is_err() {
            return Some(left);
        }
        self.at.set(Some(wanted));
        None
    }
}

fn make(poller: &Poller) -> Option<TimerFd> {
    let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
    let timerfd = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).ok()?;
    poller.add_alarm(timerfd.as_fd()).ok()?;
    Some(timerfd)
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Alarm, SHORTEST};
    use crate::native::poller::Poller;
    use nix::sys::epoll::EpollEvent;
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    /// Sleeps as the loop does, and says whether anything but the timeout ended the sleep.
    fn sleep_until(alarm: &Alarm, poller: &Poller, deadline: Instant) -> bool {
        let timeout = alarm.set(poller, deadline);
        poller.wait(&mut [EpollEvent::empty()], timeout) > 0
    }

    #[test]
    fn it_ends_each_sleep_and_never_early() {
        let (alarm, poller) = (Alarm::default(), Poller::new().unwrap());
        for us in [1, 300, 2_300] {
            let deadline = Instant::now() + Duration::from_micros(us);
            while Instant::now() < deadline {
                let went_off = sleep_until(&alarm, &poller, deadline);
                assert!(Instant::now() >= deadline || !went_off, "early");
            }
        }
    }

    #[test]
    fn an_earlier_deadline_sets_it_anew_and_a_later_one_does_not() {
        let (alarm, poller) = (Alarm::default(), Poller::new().unwrap());
        let late = Instant::now() + HOUR;
        assert_eq!(alarm.set(&poller, late), None);
        assert_eq!(alarm.set(&poller, late + HOUR), None);
        assert_eq!(alarm.at.get(), Some(late));
        let soon = Instant::now() + Duration::from_millis(2);
        assert!(sleep_until(&alarm, &poller, soon));
        assert!(Instant::now() >= soon);
        assert_eq!(alarm.set(&poller, late), None);
        assert_eq!(alarm.at.get(), Some(late), "one that went off is set anew");
    }

    #[test]
    fn no_sleep_is_shorter_than_the_shortest() {
        let (alarm, poller) = (Alarm::default(), Poller::new().unwrap());
        let before = Instant::now();
        let mut deadline = before;
        // Whoever is held up here finds the deadline past, and tries again.
        while alarm.at.get().is_none() {
            deadline = Instant::now() + Duration::from_micros(1);
            alarm.set(&poller, deadline);
        }
        assert!(alarm.at.get() >= Some(before + SHORTEST) && alarm.at.get() > Some(deadline));
    }

    #[test]
    fn without_a_descriptor_the_timeout_does_it() {
        let (alarm, poller) = (Alarm::default(), Poller::new().unwrap());
        assert!(alarm.timerfd.set(None).is_ok());
        let deadline = Instant::now() + HOUR;
        assert!(alarm.set(&poller, deadline).is_some_and(|left| left <= HOUR && !left.is_zero()));
    }
}
