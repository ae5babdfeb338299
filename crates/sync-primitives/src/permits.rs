//! Permits given out first come, first served: what locks and semaphores share.
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
//! others has not come yet, or wants more than there are. So permits are taken in the order of arrival, always.

use crate::budget;
use crate::sync::{Mutex, const_fn, lock};
use crate::waiters::{Place, Waiters, Wakes};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub struct Permits(Mutex<State>);

struct State {
    /// Permits that nobody holds, those that somebody was called for included.
    free: usize,
    /// Set once, never cleared: no more permits are given out.
    closed: bool,
    waiters: Waiters,
}

impl Permits {
    const_fn! {
        pub(crate) fn new(free: usize) -> Self {
            Self(Mutex::new(State { free, closed: false, waiters: Waiters::new() }))
        }
    }

    /// How many permits nobody holds and nobody was called for.
    pub(crate) fn available(&self) -> usize {
        let state = lock(&self.0);
        state.free - state.waiters.promised()
    }

    /// Whether an attempt now would fail.
    pub(crate) fn exhausted(&self) -> bool {
        !lock(&self.0).open(1)
    }

    fn try_acquire(&self, wants: u32) -> bool {
        let mut state = lock(&self.0);
        let open = state.open(wants);
        if open {
            state.free -= wants as usize;
        }
        open
    }

    /// Whether they are taken: `false` once the permits are closed.
    fn poll_acquire(&self, wants: u32, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = lock(&self.0);
        let mine = match place {
            Some(place) => state.waiters.is_called(place),
            None => state.open(wants),
        };
        if !mine && !state.closed {
            let mut wakes = Wakes::default();
            let unneeded = state.waiters.wait_for(wants, place, cx.waker());
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
        if mine {
            state.free -= wants as usize;
        }
        drop(state);
        drop(unneeded);
        Poll::Ready(mine)
    }

    /// Gives permits back, or adds them. Panics if there are too many to count.
    pub(crate) fn release(&self, count: usize) {
        self.add(count).wake_all();
    }

    /// [`release`](Self::release), for a caller that has a mutex of its own: the wakes are for when it has let go of that.
    pub(crate) fn add(&self, count: usize) -> Wakes {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        let more = state.free.checked_add(count);
        if let Some(more) = more {
            state.free = more;
            state.call(&mut wakes);
        }
        drop(state);
        assert!(
            more.is_some(),
            "a semaphore counts at most usize::MAX permits: release only what was acquired"
        );
        wakes
    }

    /// Takes at most `count` permits away for good, also from one who was called for them and has not come yet. The answer
    /// is how many there were.
    pub(crate) fn withdraw(&self, count: usize) -> usize {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        let taken = state.free.min(count);
        state.free -= taken;
        state.call(&mut wakes);
        drop(state);
        taken
    }

    /// Permits that nobody holds, those that somebody was called for included.
    pub(crate) fn free(&self) -> usize {
        lock(&self.0).free
    }

    /// Gives no more out: whoever waits, or comes later, is refused. Whoever was called already may still come.
    pub(crate) fn close(&self) {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        state.closed = true;
        state.waiters.dismiss(&mut wakes);
        drop(state);
        wakes.wake_all();
    }

    pub(crate) fn closed(&self) -> bool {
        lock(&self.0).closed
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
    fn open(&self, wants: u32) -> bool {
        self.free >= wants as usize && self.waiters.is_empty() && !self.closed
    }

    fn call(&mut self, wakes: &mut Wakes) {
        if !self.closed {
            self.waiters.call_first(self.free, wakes);
        }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").field("available", &self.available()).finish_non_exhaustive()
    }
}

/// A primitive made of permits, borrowed or shared. Only this crate implements it.
pub trait HasPermits {
    #[doc(hidden)]
    fn permits(&self) -> &Permits;

    /// Permits that were held come back.
    #[doc(hidden)]
    fn give_back(&self, count: u32) {
        self.permits().release(count as usize);
    }

    /// Permits that were held will not come back by themselves.
    #[doc(hidden)]
    fn forgotten(&self, _count: u32) {}
}

impl<H: HasPermits + ?Sized> HasPermits for &H {
    fn permits(&self) -> &Permits {
        (**self).permits()
    }

    fn give_back(&self, count: u32) {
        (**self).give_back(count);
    }

    fn forgotten(&self, count: u32) {
        (**self).forgotten(count);
    }
}

impl<H: HasPermits + ?Sized> HasPermits for Arc<H> {
    fn permits(&self) -> &Permits {
        (**self).permits()
    }

    fn give_back(&self, count: u32) {
        (**self).give_back(count);
    }

    fn forgotten(&self, count: u32) {
        (**self).forgotten(count);
    }
}

/// Permits that are held: they go back when it is dropped. Made here only, one for each time that permits were taken.
#[must_use = "what is held is given back at once"]
pub(crate) struct Held<H: HasPermits> {
    holder: H,
    count: u32,
}

impl<H: HasPermits> Held<H> {
    /// Permits, if there are so many, and nobody is in line.
    pub(crate) fn try_acquire(holder: H, wants: u32) -> Option<Self> {
        // Lazily: a `Held` that is made gives back what it did not take.
        holder.permits().try_acquire(wants).then(|| Self { holder, count: wants })
    }

    pub(crate) fn holder(&self) -> &H {
        &self.holder
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Does not give them back.
    pub(crate) fn forget(mut self) {
        self.holder.forgotten(self.count);
        self.count = 0;
    }
}

impl<H: HasPermits> Drop for Held<H> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.holder.give_back(self.count);
        }
    }
}

/// Waits for permits of `holder`: the one future under all that lock and acquire.
pub(crate) struct Acquire<H: HasPermits> {
    /// Goes over to what is held.
    holder: Option<H>,
    wants: u32,
    place: Option<Place>,
}

impl<H: HasPermits> Acquire<H> {
    pub(crate) fn new(holder: H, wants: u32) -> Self {
        Self { holder: Some(holder), wants, place: None }
    }

    /// For permits that are never closed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Held<H>> {
        self.poll_open(cx).map(|held| held.expect("only a bounded semaphore can be closed"))
    }

    /// `None` once the permits are closed.
    pub(crate) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Option<Held<H>>> {
        let holder = self.holder.as_ref().expect("a future was polled again after it was ready");
        let taken = ready!(holder.permits().poll_acquire(self.wants, &mut self.place, cx));
        let holder = self.holder.take().expect("it was there a moment ago");
        Poll::Ready(taken.then(|| Held { holder, count: self.wants }))
    }
}

impl<H: HasPermits> Drop for Acquire<H> {
    fn drop(&mut self) {
        if let (Some(holder), Some(place)) = (&self.holder, self.place.take()) {
            holder.permits().abandon(place);
        }
    }
}
