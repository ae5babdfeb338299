//! The kernel's side of the native loop: one epoll, and the bell that ends a sleep from another thread.
//!
//! The bell is hung up before the first sleep: a loop that never sleeps has none, and is built and dropped in half the time.

use super::park::Park;
use contract::Unavailable;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, OnceLock};
use std::task::Wake;
use std::time::Duration;

/// No sleep without a bell is longer: a wake from another thread is noticed at its end.
const NAP: Duration = Duration::from_millis(1);

/// The bell's token. No registration has it: its index would be the last of 2³².
pub(crate) const BELL: u64 = u64::MAX;

/// The alarm's token. No registration has it: its index would be the last but one.
const ALARM: u64 = u64::MAX - 1;

/// Whether an event is of a descriptor that somebody watches.
pub(crate) fn is_watched(event: &EpollEvent) -> bool {
    event.data() < ALARM
}

/// Both directions at once and edge-triggered: one call to the kernel for the whole life of a registration.
const INTEREST: EpollFlags = EpollFlags::EPOLLIN
    .union(EpollFlags::EPOLLOUT)
    .union(EpollFlags::EPOLLRDHUP)
    .union(EpollFlags::EPOLLPRI)
    .union(EpollFlags::EPOLLET);

#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    wakeup: Arc<Wakeup>,
}

/// Wakes the loop's thread; this is what the root's waker points to.
#[derive(Debug)]
pub(crate) struct Wakeup {
    pub(crate) park: Park,
    /// `None` if there was no descriptor left for it.
    bell: OnceLock<Option<EventFd>>,
}

impl Poller {
    pub(crate) fn new() -> Result<Self, Unavailable> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|errno| {
            let cure = match errno {
                Errno::EMFILE | Errno::ENFILE => "raise the limit of open descriptors (`ulimit -n`)",
                _ => "allow it in the sandbox's system call filter",
            };
            Unavailable::new("native", format!("epoll_create1 failed: {errno}"), cure)
        })?;
        Ok(Self { epoll, wakeup: Arc::new(Wakeup { park: Park::new(), bell: OnceLock::new() }) })
    }

    /// Whether wakes can end a sleep. To be asked before each park: whoever finds the loop parked looks for the bell.
    pub(crate) fn has_bell(&self) -> bool {
        self.wakeup.bell.get_or_init(|| self.hang_bell().ok()).is_some()
    }

    fn hang_bell(&self) -> nix::Result<EventFd> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        // Edge-triggered, so each ring is one event and the bell never has to be read.
        self.epoll.add(&bell, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, BELL))?;
        Ok(bell)
    }

    pub(crate) fn wakeup(&self) -> &Arc<Wakeup> {
        &self.wakeup
    }

    pub(crate) fn add(&self, descriptor: BorrowedFd<'_>, token: u64) -> nix::Result<()> {
        self.epoll.add(descriptor, EpollEvent::new(INTEREST, token))
    }

    /// Lets an alarm end the sleeps from now on.
    pub(crate) fn add_alarm(&self, alarm: BorrowedFd<'_>) -> nix::Result<()> {
        // Edge-triggered, so each time it goes off is one event and it never has to be read.
        self.epoll.add(alarm, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, ALARM))
    }

    pub(crate) fn delete(&self, descriptor: BorrowedFd<'_>) {
        let deleted = self.epoll.delete(descriptor);
        debug_assert_eq!(deleted, Ok(()), "a watched descriptor is open and registered");
    }

    /// The longest sleep that is allowed where `timeout` is wanted.
    pub(crate) fn bounded(timeout: Option<Duration>, has_bell: bool) -> Option<Duration> {
        if has_bell { timeout } else { Some(timeout.map_or(NAP, |timeout| timeout.min(NAP))) }
    }

    /// Sleeps until there are events, but no longer than `timeout`, in whole milliseconds; says how many events there are.
    /// A signal handler that ran ends the sleep as well.
    pub(crate) fn wait(&self, events: &mut [EpollEvent], timeout: Option<Duration>) -> usize {
        let arrived = match timeout {
            None => self.epoll.wait(events, EpollTimeout::NONE),
            Some(Duration::ZERO) => self.epoll.wait(events, EpollTimeout::ZERO),
            Some(timeout) => self.epoll.wait(events, rounded_up(timeout)),
        };
        match arrived {
            Ok(arrived) => arrived,
            Err(Errno::EINTR) => 0,
            Err(errno) => panic!("waiting on an epoll of our own failed: {errno}"),
        }
    }
}

/// Whole milliseconds, rounded up so that no timer is early. What does not fit is cut: the loop looks again then.
fn rounded_up(timeout: Duration) -> EpollTimeout {
    let ms = timeout.as_nanos().div_ceil(1_000_000);
    EpollTimeout::from(u16::try_from(ms).unwrap_or(u16::MAX))
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.park.wake()
            && let Some(Some(bell)) = self.bell.get()
        {
            // It fails only when 2⁶⁴ - 2 rings are unread.
            let rung = bell.write(1);
            debug_assert_eq!(rung, Ok(8));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_rounded_timeout_is_never_early() {
        assert_eq!(rounded_up(Duration::from_nanos(1)), EpollTimeout::from(1u16));
        assert_eq!(rounded_up(Duration::from_millis(7)), EpollTimeout::from(7u16));
        assert_eq!(rounded_up(Duration::from_micros(7_001)), EpollTimeout::from(8u16));
        assert_eq!(rounded_up(Duration::MAX), EpollTimeout::from(u16::MAX));
    }

    #[test]
    fn a_timeout_is_never_shorter_than_asked() {
        let before = Instant::now();
        let poller = Poller::new().unwrap();
        assert_eq!(poller.wait(&mut [EpollEvent::empty()], Some(Duration::from_micros(2_300))), 0);
        assert!(before.elapsed() >= Duration::from_micros(2_300));
    }

    #[test]
    fn a_bell_that_is_never_read_rings_each_time() {
        let poller = Poller::new().unwrap();
        for _ in 0..3 {
            assert!(poller.has_bell() && poller.wakeup.park.park());
            poller.wakeup.wake_by_ref();
            poller.wakeup.wake_by_ref();
            let events = &mut [EpollEvent::empty(); 4];
            assert_eq!(poller.wait(events, None), 1);
            assert_eq!(events[0].data(), BELL);
            assert_eq!(poller.wait(events, Some(Duration::ZERO)), 0, "two wakes rang twice");
            poller.wakeup.park.unpark();
            assert!(poller.wakeup.park.take());
        }
    }
}
