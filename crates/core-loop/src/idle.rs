//! Waiting until the loop has nothing left to do.
//!
//! ```text
//!                 nothing is ready,                 still nothing,
//!                 somebody waits for it             for as long as the cushion
//!   BUSY ────────────────────────────────► RESTING ──────────────────────────► those with the shortest cushion are woken
//!    ▲    the host looks at its I/O first    │
//!    └───────────────────────────────────────┘
//!                 something runs
//! ```

use crate::current::Loop;
use crate::exception;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Waits until every other task of this loop waits as well, and nothing is ready to run: for tests, which then know that
/// what they set off has come to rest.
///
/// Before it ends, the runtime has looked at its I/O once more, so what has arrived by then has been dealt with (under smol,
/// which has one reactor for all loops of a process, only if no other thread is just looking). Several
/// may wait; those with the same [`cushion`](WaitUntilIdle::cushion) are woken together, those with a shorter one first.
///
/// A task that waits for a timer, for I/O, for a thread or for another loop counts as waiting: that the loop rests does not
/// say that nothing will wake it. Tasks that take turns for ever (`loop { yield_now().await }`) never let it rest.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Examples
///
/// ```
/// # use std::{cell::Cell, rc::Rc};
/// # core_loop::run(async {
/// let answers = Rc::new(Cell::new(0));
/// for _ in 0..3 {
///     let answers = answers.clone();
///     core_loop::spawn(async move {
///         core_loop::yield_now().await;
///         answers.set(answers.get() + 1);
///     }).detach();
/// }
/// core_loop::wait_until_idle().await;
/// assert_eq!(answers.get(), 3);
/// # }).unwrap();
/// ```
///
/// # Python
///
/// `trio.testing.wait_all_tasks_blocked(cushion)`; asyncio has none, and its tests await `sleep(0)` a number of times.
#[track_caller]
pub fn wait_until_idle() -> WaitUntilIdle {
    WaitUntilIdle { lp: Loop::current(), cushion: Duration::ZERO, state: State::New }
}

/// Made by [`wait_until_idle`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct WaitUntilIdle {
    lp: Loop,
    cushion: Duration,
    state: State,
}

enum State {
    New,
    Waiting(Key),
    Over,
}

/// The cushion, and which of all waits.
type Key = (Duration, u64);

impl WaitUntilIdle {
    /// The loop must have rested for this long: for what a thread, another process or the kernel is about to send. Zero
    /// unless set; whatever runs meanwhile begins it anew. To be set before the first poll.
    pub fn cushion(mut self, rest: Duration) -> Self {
        self.cushion = rest;
        self
    }
}

impl Future for WaitUntilIdle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let inner = this.lp.inner();
        // Outside the borrow, both ways: foreign code makes and drops wakers.
        let waker = cx.waker().clone();
        let before = match this.state {
            // A loop that has closed rests for good.
            State::New if !inner.shared.is_closed() => {
                let key = (this.cushion, inner.idle.next_arrival());
                this.state = State::Waiting(key);
                inner.idle.waiters.borrow_mut().insert(key, waker)
            }
            State::Waiting(key) if !inner.shared.is_closed() => {
                match inner.idle.waiters.borrow_mut().get_mut(&key) {
                    Some(waiting) => Some(std::mem::replace(waiting, waker)),
                    None => {
                        this.state = State::Over;
                        return Poll::Ready(());
                    }
                }
            }
            _ => return Poll::Ready(()),
        };
        drop(before);
        Poll::Pending
    }
}

impl Drop for WaitUntilIdle {
    fn drop(&mut self) {
        if let State::Waiting(key) = self.state {
            let waker = self.lp.inner().idle.waiters.borrow_mut().remove(&key);
            drop(waker);
        }
    }
}

/// Who waits for the loop to rest, and how long it has.
pub(crate) struct Idle {
    /// Shortest cushion first, equal ones in order of arrival.
    waiters: RefCell<BTreeMap<Key, Waker>>,
    arrivals: Cell<u64>,
    /// Set when the loop finds nothing ready while somebody waits for that; whatever runs clears it.
    resting_since: Cell<Option<Instant>>,
}

/// What a loop does that has nothing to run.
pub(crate) enum Rest {
    /// It sleeps, to this time at most.
    Sleep(Option<Instant>),
    /// It has its host look at the I/O, and comes back.
    Look,
    /// It goes on: somebody was woken.
    Woken,
}

impl Idle {
    pub(crate) const fn new() -> Self {
        Self {
            waiters: RefCell::new(BTreeMap::new()),
            arrivals: Cell::new(0),
            resting_since: Cell::new(None),
        }
    }

    /// There is something to run.
    #[inline]
    pub(crate) fn disturb(&self) {
        self.resting_since.set(None);
    }

    /// There is nothing to run. `timer` is the next one: it may have come due since the turn looked at the clock, and then
    /// there is something to run after all.
    pub(crate) fn rest(
        &self,
        time: impl FnOnce() -> Instant,
        timer: impl FnOnce() -> Option<Instant>,
    ) -> Rest {
        let Some(cushion) = self.waiters.borrow().keys().next().map(|(cushion, _)| *cushion) else {
            return Rest::Sleep(None);
        };
        let now = time();
        let Some(since) = self.resting_since.get() else {
            self.resting_since.set(Some(now));
            return Rest::Look;
        };
        match since.checked_add(cushion) {
            Some(end) if end <= now && timer().is_none_or(|timer| timer > now) => {
                self.wake(cushion);
                Rest::Woken
            }
            end => Rest::Sleep(end),
        }
    }

    fn wake(&self, cushion: Duration) {
        let woken = {
            let mut waiters = self.waiters.borrow_mut();
            let others = waiters.split_off(&(cushion, u64::MAX));
            std::mem::replace(&mut *waiters, others)
        };
        for waker in woken.into_values() {
            exception::wake(waker);
        }
    }

    fn next_arrival(&self) -> u64 {
        let arrival = self.arrivals.get();
        self.arrivals.set(arrival + 1);
        arrival
    }
}

impl fmt::Debug for WaitUntilIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitUntilIdle").field("cushion", &self.cushion).finish_non_exhaustive()
    }
}
