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
    line: Line<K>,
}

/// Set in the word while the flag is. Then nobody is in line.
const SET: usize = FIRST_BIT;

/// One release in the word: a `set` that finds somebody in line sends all of them away and counts. So each of them sees from
/// the word alone that it was released, also after a `clear`, and that its place is no more. (It wraps, and whoever is not
/// polled between one release and the `usize::MAX / 4`th after it would wait for one more.)
const RELEASE: usize = SET << 1;

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
        while self.line.try_change(|word| Some(word | SET)) == Tried::Occupied {
            let mut wakes = Wakes::default();
            let mut line = self.line.lock();
            // Else the last one has left meanwhile.
            if let Some(word) = line.word() {
                line.send_away(&mut wakes);
                line.set((word | SET).wrapping_add(RELEASE));
                drop(line);
                wakes.wake_all();
                return;
            }
        }
    }

    /// Clears the flag. Whoever a [`set`](Self::set) has released stays released.
    pub fn clear(&self) {
        // While somebody is in line it is clear.
        self.line.try_change(|word| Some(word & !SET));
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.line.look().0 & SET != 0
    }

    /// How often somebody was released.
    fn releases(&self) -> usize {
        self.line.look().0 / RELEASE
    }

    /// Waits until the flag is set; ready at once if it is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a `set` is for everybody.
    pub fn wait(&self) -> EventWait<'_, K> {
        EventWait { event: self, stand: Stand::New }
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
    stand: Stand,
}

enum Stand {
    New,
    /// Since there had been so many releases.
    InLine(Place, usize),
    /// It has seen that it is released, whatever happens to the flag now.
    Released,
}

impl<K: Kind> EventWait<'_, K> {
    /// Joins the line, unless there is nothing to wait for.
    fn join(&mut self, cx: &mut Context<'_>) {
        let unless_set = |word| (word & SET != 0).then_some(word);
        let Some(mut line) = self.event.line.occupy(unless_set) else {
            self.stand = Stand::Released;
            return;
        };
        let word = line.word().expect("it is occupied");
        self.stand = Stand::InLine(line.join(1, cx.waker().clone()), word / RELEASE);
        line.set(word);
    }

    /// Stays in line, unless it was released.
    fn wait_on(&mut self, cx: &mut Context<'_>) {
        let Stand::InLine(place, releases) = &self.stand else { return };
        let mut line = self.event.line.lock();
        // Whether it is still in line is certain only under the mutex.
        if self.event.releases() == *releases {
            let unneeded = line.wait_on(place, cx.waker());
            drop(line);
            drop(unneeded);
        } else {
            drop(line);
            self.stand = Stand::Released;
        }
    }
}

impl<K: Kind> Future for EventWait<'_, K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        match &this.stand {
            Stand::New if this.event.is_set() => this.stand = Stand::Released,
            Stand::New => this.join(cx),
            Stand::InLine(_, releases) if this.event.releases() != *releases => this.stand = Stand::Released,
            Stand::InLine(..) => this.wait_on(cx),
            Stand::Released => {}
        }
        if !matches!(this.stand, Stand::Released) {
            return Poll::Pending;
        }
        // Kept for the next poll if the budget is gone: the flag may be cleared until then.
        if budget::spend() { Poll::Ready(()) } else { budget::pass(cx) }
    }
}

impl<K: Kind> Drop for EventWait<'_, K> {
    fn drop(&mut self) {
        if let Stand::InLine(place, releases) = std::mem::replace(&mut self.stand, Stand::Released)
            && self.event.releases() == releases
        {
            let mut line = self.event.line.lock();
            let Some(word) = line.word().filter(|word| word / RELEASE == releases) else { return };
            let unneeded = line.leave(place);
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
