//! Permits given out first come, first served: what [`Lock`](crate::Lock) and [`Semaphore`](crate::Semaphore) share.
//!
//! ```text
//!                    try_acquire, poll with nobody in line
//!        ┌──────────────────────────────────────────────────────────────┐
//!        │                                                              ▼
//!      FREE ───── call ────► CALLED FOR ───── poll of the one called ──► HELD
//!        ▲ ▲                     │                                       │
//!        │ └─ nobody in line ────┴─ the one called is dropped: call      │
//!        └───────────────────────────────────────────────── release ─────┘
//! ```
//!
//! While anybody is in line, nobody else gets a permit: not even one that is left over, since whoever was called for the
//! others has not come yet. So permits are taken in the order of arrival, always.

use crate::budget;
use crate::sync::{Mutex, const_fn, lock};
use crate::waiters::{Place, Waiters, Wakes};
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) struct Permits(Mutex<State>);

struct State {
    /// Permits that nobody holds, those that somebody was called for included.
    free: usize,
    waiters: Waiters,
}

/// Proof that a permit was taken. Whoever gets it owes one [`Permits::release`].
#[must_use = "a permit that is taken must be released"]
pub(crate) struct Granted(());

impl Permits {
    const_fn! {
        pub(crate) fn new(free: usize) -> Self {
            Self(Mutex::new(State { free, waiters: Waiters::new() }))
        }
    }

    /// How many permits nobody holds and nobody was called for.
    pub(crate) fn available(&self) -> usize {
        let state = lock(&self.0);
        state.free - state.waiters.called()
    }

    /// Whether an attempt now would fail.
    pub(crate) fn exhausted(&self) -> bool {
        !lock(&self.0).open()
    }

    pub(crate) fn try_acquire(&self) -> Option<Granted> {
        let mut state = lock(&self.0);
        state.open().then(|| state.take())
    }

    fn poll_acquire(&self, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<Granted> {
        let mut state = lock(&self.0);
        let mine = match place {
            Some(place) => state.waiters.is_called(place),
            None => state.open(),
        };
        if !mine {
            let mut wakes = Wakes::default();
            let unneeded = state.waiters.wait(place, cx.waker());
            // A permit may be left over behind those who were called: then the newcomer is called at once.
            state.call(&mut wakes);
            drop(state);
            drop(unneeded);
            wakes.wake_all();
            return Poll::Pending;
        }
        if !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        let unneeded = place.take().and_then(|place| state.waiters.leave(place));
        let granted = state.take();
        drop(state);
        drop(unneeded);
        Poll::Ready(granted)
    }

    /// Gives one permit back, or adds one. Panics if there are too many to count.
    pub(crate) fn release(&self) {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        let more = state.free.checked_add(1);
        if let Some(more) = more {
            state.free = more;
            state.call(&mut wakes);
        }
        drop(state);
        wakes.wake_all();
        assert!(
            more.is_some(),
            "a semaphore counts at most usize::MAX permits: release only what was acquired"
        );
    }

    /// Leaves the line; what it was called for goes to the next.
    fn abandon(&self, place: Place) {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        let unneeded = state.waiters.leave(place);
        state.call(&mut wakes);
        drop(state);
        drop(unneeded);
        wakes.wake_all();
    }
}

impl State {
    fn open(&self) -> bool {
        self.free > 0 && self.waiters.is_empty()
    }

    fn take(&mut self) -> Granted {
        self.free -= 1;
        Granted(())
    }

    fn call(&mut self, wakes: &mut Wakes) {
        self.waiters.call_first(self.free, wakes);
    }
}

/// Whoever has permits, borrowed or shared.
pub(crate) trait HasPermits {
    fn permits(&self) -> &Permits;
}

impl<H: HasPermits + ?Sized> HasPermits for &H {
    fn permits(&self) -> &Permits {
        (**self).permits()
    }
}

impl<H: HasPermits + ?Sized> HasPermits for Arc<H> {
    fn permits(&self) -> &Permits {
        (**self).permits()
    }
}

/// Waits for a permit of `holder`: the one future under all that lock and acquire.
pub(crate) struct Acquire<H: HasPermits> {
    /// Goes over to the guard.
    holder: Option<H>,
    place: Option<Place>,
}

impl<H: HasPermits> Acquire<H> {
    pub(crate) fn new(holder: H) -> Self {
        Self { holder: Some(holder), place: None }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(H, Granted)> {
        let holder = self.holder.as_ref().expect("a future was polled again after it was ready");
        let Poll::Ready(granted) = holder.permits().poll_acquire(&mut self.place, cx) else {
            return Poll::Pending;
        };
        let holder = self.holder.take().expect("it was there a moment ago");
        Poll::Ready((holder, granted))
    }
}

impl<H: HasPermits> Drop for Acquire<H> {
    fn drop(&mut self) {
        if let (Some(holder), Some(place)) = (&self.holder, self.place.take()) {
            holder.permits().abandon(place);
        }
    }
}
