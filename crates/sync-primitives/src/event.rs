//! A flag that one sets and many wait for.

use crate::blocking::{block_on, block_on_timeout};
use crate::budget;
use crate::kind::{Kind, Shared, for_each_kind};
use crate::line::{FIRST_BIT, Line, Tried};
use crate::sync::const_fn;
use crate::waiters::{Place, Wakes};
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
pub type Event = EventOf<Shared>;

/// What [`Event`] and [`local::Event`](crate::local::Event) are, each of its kind.
///
/// # Ordering
///
/// Those who wait are released in the order of arrival.
pub struct EventOf<K: Kind> {
    /// Whoever is called was released by a `set`.
    line: Line<K>,
}

/// The word of an event that is set.
const SET: usize = FIRST_BIT;

for_each_kind! {
    impl EventOf<K> {
        const_fn! {
            /// An event that is not set.
            #[must_use]
            pub fn new() -> Self {
                Self { line: Line::<K>::new(0) }
            }
        }
    }

    impl Default for EventOf<K> {
        fn default() -> Self {
            Self::new()
        }
    }
}

impl<K: Kind> EventOf<K> {
    /// Sets the flag and releases everybody who waits.
    pub fn set(&self) {
        self.store(SET);
    }

    /// Clears the flag. Whoever a [`set`](Self::set) has released stays released.
    pub fn clear(&self) {
        self.store(0);
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.line.look().0 == SET
    }

    fn store(&self, word: usize) {
        while self.line.try_change(|_| Some(word)) == Tried::Occupied {
            let mut wakes = Wakes::default();
            let mut line = self.line.lock();
            // Else the last one has left meanwhile.
            if line.word().is_some() {
                if word == SET {
                    line.call_all(|_| 0, &mut wakes);
                }
                line.set(word);
                drop(line);
                wakes.wake_all();
                return;
            }
        }
    }

    /// Waits until the flag is set; ready at once if it is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a `set` is for everybody.
    pub fn wait(&self) -> EventWait<'_, K> {
        EventWait { event: self, place: None, released: false }
    }
}

impl Event {
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

/// Waits for an event. Made by [`EventOf::wait`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct EventWait<'a, K: Kind = Shared> {
    event: &'a EventOf<K>,
    place: Option<Place>,
    /// It has seen the flag set, and only its budget was gone.
    released: bool,
}

impl<K: Kind> EventWait<'_, K> {
    /// Of one who has not joined the line.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.released || self.event.is_set() {
            // Kept for the next poll: the flag may be cleared until then.
            self.released = true;
            return if budget::spend() { Poll::Ready(()) } else { budget::pass(cx) };
        }
        let unless_set = |word| (word == SET).then_some(SET);
        let Some(mut line) = self.event.line.occupy(unless_set) else { return Poll::Ready(()) };
        let word = line.word().expect("it is occupied");
        if word != SET {
            // It has a place from here on, and gets no waker back.
            let unneeded = line.wait(&mut self.place, cx.waker());
            debug_assert!(unneeded.is_none());
        }
        line.set(word);
        drop(line);
        if word == SET { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<K: Kind> Future for EventWait<'_, K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(place) = &this.place else { return this.poll_first(cx) };
        let mut line = this.event.line.lock();
        // Not the flag: whoever was released stays released after a `clear`, and a `set` releases all.
        let released = line.is_called(place);
        if released && !budget::spend() {
            drop(line);
            return budget::pass(cx);
        }
        if !released {
            let unneeded = line.wait(&mut this.place, cx.waker());
            drop(line);
            drop(unneeded);
            return Poll::Pending;
        }
        let unneeded = this.place.take().and_then(|place| line.leave(place));
        let word = line.word().expect("it was in line");
        line.set(word);
        drop(line);
        drop(unneeded);
        Poll::Ready(())
    }
}

impl<K: Kind> Drop for EventWait<'_, K> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            let mut line = self.event.line.lock();
            let unneeded = line.leave(place);
            let word = line.word().expect("it was in line");
            line.set(word);
            drop(line);
            drop(unneeded);
        }
    }
}

impl<K: Kind> fmt::Debug for EventOf<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("set", &self.is_set()).finish_non_exhaustive()
    }
}

impl<K: Kind> fmt::Debug for EventWait<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWait").field("event", self.event).finish_non_exhaustive()
    }
}
