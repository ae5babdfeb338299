//! A flag that one sets and many wait for.

use crate::blocking::{block_on, block_on_timeout};
use crate::budget;
use crate::sync::{Mutex, const_fn, lock};
use crate::waiters::{Place, Waiters, Wakes};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A flag that one sets and many wait for.
///
/// [`set`](Self::set) releases everybody who waits, in the order of arrival, also if [`clear`](Self::clear) follows before
/// they have run; whoever comes after the `clear` waits for the next `set`. No allocation while nobody has to wait.
///
/// # Ordering
///
/// What was done before a `set` has happened before what those do whom it released.
///
/// # Examples
///
/// ```
/// static READY: sync_primitives::Event = sync_primitives::Event::new();
///
/// let waiter = std::thread::spawn(|| READY.wait_blocking());   // in a task: `READY.wait().await`
/// READY.set();
/// waiter.join().unwrap();
/// assert!(READY.is_set());
/// ```
///
/// # Python
///
/// `asyncio.Event`, and `threading.Event` in the blocking forms.
pub struct Event(Mutex<State>);

struct State {
    set: bool,
    /// Everybody who waits. Those who are called were released by a `set`.
    waiters: Waiters,
}

impl Event {
    const_fn! {
        /// An event that is not set.
        #[must_use]
        pub fn new() -> Self {
            Self(Mutex::new(State { set: false, waiters: Waiters::new() }))
        }
    }

    /// Sets the flag and releases everybody who waits.
    pub fn set(&self) {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.0);
        state.set = true;
        state.waiters.call_all(|_| 0, &mut wakes);
        drop(state);
        wakes.wake_all();
    }

    /// Clears the flag. Whoever a [`set`](Self::set) has released stays released.
    pub fn clear(&self) {
        lock(&self.0).set = false;
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        lock(&self.0).set
    }

    /// Waits until the flag is set; ready at once if it is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a `set` is for everybody.
    pub fn wait(&self) -> EventWait<'_> {
        EventWait { event: self, place: None }
    }

    /// Blocks this thread until the flag is set.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`wait`](Self::wait) there.
    #[track_caller]
    pub fn wait_blocking(&self) {
        block_on(self.wait());
    }

    /// Blocks this thread for at most `timeout`; `false` if the flag was not set by then.
    ///
    /// # Panics
    ///
    /// As [`wait_blocking`](Self::wait_blocking).
    #[track_caller]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        block_on_timeout(&mut self.wait(), timeout).is_some()
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits for an event. Made by [`Event::wait`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct EventWait<'a> {
    event: &'a Event,
    place: Option<Place>,
}

impl Future for EventWait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = lock(&this.event.0);
        // Not the flag alone: whoever was released stays released after a `clear`.
        let released = state.set || this.place.as_ref().is_some_and(|place| state.waiters.is_called(place));
        if released && !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        let (answer, unneeded) = if released {
            (Poll::Ready(()), this.place.take().and_then(|place| state.waiters.leave(place)))
        } else {
            (Poll::Pending, state.waiters.wait(&mut this.place, cx.waker()))
        };
        drop(state);
        drop(unneeded);
        answer
    }
}

impl Drop for EventWait<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            let unneeded = lock(&self.event.0).waiters.leave(place);
            drop(unneeded);
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("set", &self.is_set()).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWait").field("event", self.event).finish_non_exhaustive()
    }
}
