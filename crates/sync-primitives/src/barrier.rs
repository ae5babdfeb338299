//! A point that so many must reach before any goes on.

use crate::blocking::{block_on, block_on_timeout};
use crate::budget;
use crate::kind::Shared;
use crate::line::{FIRST_BIT, Line, Locked};
use crate::sync::const_fn;
use crate::waiters::{Place, Wakes};
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A point that so many must reach before any goes on, again and again.
///
/// The last to arrive releases all, in the order of arrival, and the next round begins at once: whoever comes back waits for
/// that one, also if others of the round before have not run yet. A round is passed with the indices `0..parties` in the
/// order of arrival, so that one of them can be the one who does what is to be done once.
///
/// # Ordering
///
/// What was done before the barrier by any of a round has happened before what any of them does after it.
///
/// # Examples
///
/// ```
/// use sync_primitives::Barrier;
///
/// static ROUND: Barrier = Barrier::new(3);
///
/// std::thread::scope(|scope| {
///     let parties: Vec<_> = (0..3).map(|_| scope.spawn(|| ROUND.wait_blocking().unwrap())).collect();
///     let mut indices: Vec<_> = parties.into_iter().map(|party| party.join().unwrap()).collect();
///     indices.sort();
///     assert_eq!(indices, [0, 1, 2]);
/// });
/// ```
///
/// # Python
///
/// `asyncio.Barrier` and `threading.Barrier`. There an arrival that is cancelled can leave two with one index; here indices
/// are given when the round is complete. `threading.Barrier.wait(timeout)` breaks the barrier for everybody; here
/// [`wait_timeout`](Self::wait_timeout) takes its own arrival back, as a cancel does.
pub struct Barrier {
    parties: usize,
    /// Changed under the mutex only. In the line, those who have arrived in this round come after those of earlier rounds,
    /// who are called: each was told its index, or [`BROKEN_UP`].
    line: Line<Shared>,
}

/// Set in the word while the barrier is broken.
const BROKEN: usize = FIRST_BIT;

/// One that has arrived in this round, in the word.
const ARRIVED: usize = BROKEN << 1;

/// What one is told whose round was broken up.
const BROKEN_UP: u32 = u32::MAX - 1;

/// The round was broken up by [`Barrier::reset`], or the barrier is broken since an [`abort`](Barrier::abort).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenBarrierError;

impl Barrier {
    const_fn! {
        /// A barrier for rounds of `parties`.
        ///
        /// # Panics
        ///
        /// With zero: nobody could ever complete a round.
        #[must_use]
        pub fn new(parties: usize) -> Self {
            assert!(parties > 0, "a barrier of zero is never complete; give it the number of those who will wait");
            Self { parties, line: Line::<Shared>::new(0) }
        }
    }

    /// Arrives, and waits until the round is complete. The answer is the index in the round.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrierError`] if the round is broken up by a [`reset`](Self::reset) or an [`abort`](Self::abort), or if the
    /// barrier is broken.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes the arrival back, if the round is not complete yet: it needs one more then. The barrier is
    /// not broken by that. In a complete round nobody waits for it any more.
    pub fn wait(&self) -> BarrierWait<'_> {
        BarrierWait { barrier: self, place: None }
    }

    /// Blocks this thread until the round is complete.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`wait`](Self::wait) there.
    #[track_caller]
    pub fn wait_blocking(&self) -> Result<usize, BrokenBarrierError> {
        block_on(self.wait())
    }

    /// Blocks this thread for at most `timeout`; `None` if the round was not complete by then, and the arrival is taken
    /// back.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    ///
    /// As [`wait_blocking`](Self::wait_blocking).
    #[track_caller]
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<usize>, BrokenBarrierError> {
        block_on_timeout(&mut self.wait(), timeout).transpose()
    }

    /// Completes the round, if it lacks only one; `None` if it lacks more, and then this was no arrival.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrierError`] if the barrier is broken.
    pub fn try_wait(&self) -> Result<Option<usize>, BrokenBarrierError> {
        let (line, word) = self.line.occupied();
        self.complete(line, word)
    }

    /// Breaks up the round, if anybody waits: they get the error. The next round begins at once, also if the barrier was
    /// broken.
    pub fn reset(&self) {
        self.break_up(false);
    }

    /// Breaks up the round, and breaks the barrier: everybody gets the error until the next [`reset`](Self::reset).
    pub fn abort(&self) {
        self.break_up(true);
    }

    /// How many a round needs.
    #[must_use]
    pub const fn parties(&self) -> usize {
        self.parties
    }

    /// How many wait for this round to be complete.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        self.line.look().0 / ARRIVED
    }

    /// Whether it was broken by an [`abort`](Self::abort).
    #[must_use]
    pub fn broken(&self) -> bool {
        self.line.look().0 & BROKEN != 0
    }

    fn break_up(&self, broken: bool) {
        let mut wakes = Wakes::default();
        let (mut line, _) = self.line.occupied();
        line.call_all(|_| BROKEN_UP, &mut wakes);
        line.set(if broken { BROKEN } else { 0 });
        drop(line);
        wakes.wake_all();
    }

    /// The index of whoever is the last to arrive; `None` if more are missing.
    fn complete(
        &self,
        mut line: Locked<'_, Shared>,
        word: usize,
    ) -> Result<Option<usize>, BrokenBarrierError> {
        let broken = word & BROKEN != 0;
        let complete = !broken && self.is_last(word);
        let mut wakes = Wakes::default();
        if complete {
            line.call_all(|index| index, &mut wakes);
        }
        line.set(if complete { 0 } else { word });
        drop(line);
        wakes.wake_all();
        if broken { Err(BrokenBarrierError) } else { Ok(complete.then(|| self.parties - 1)) }
    }

    fn is_last(&self, word: usize) -> bool {
        word / ARRIVED + 1 >= self.parties
    }
}

/// Waits for a round of a barrier to be complete. Made by [`Barrier::wait`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct BarrierWait<'a> {
    barrier: &'a Barrier,
    place: Option<Place>,
}

impl Future for BarrierWait<'_> {
    type Output = Result<usize, BrokenBarrierError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let (mut line, word) = this.barrier.line.occupied();
        let ready = match &this.place {
            Some(place) => line.is_called(place),
            None => word & BROKEN != 0 || this.barrier.is_last(word),
        };
        if !ready {
            let arrives = if this.place.is_none() { ARRIVED } else { 0 };
            let unneeded = line.wait(&mut this.place, cx.waker());
            line.set(word + arrives);
            drop(line);
            drop(unneeded);
            return Poll::Pending;
        }
        if !budget::spend() {
            line.set(word);
            drop(line);
            return budget::pass(cx);
        }
        let Some(place) = this.place.take() else {
            let index = this.barrier.complete(line, word);
            return Poll::Ready(index.map(|index| index.expect("no other was missing")));
        };
        let told = line.told(&place);
        let unneeded = line.leave(place);
        line.set(word);
        drop(line);
        drop(unneeded);
        Poll::Ready(match told {
            Some(index) if index != BROKEN_UP => Ok(index as usize),
            _ => Err(BrokenBarrierError),
        })
    }
}

impl Drop for BarrierWait<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        let (mut line, word) = self.barrier.line.occupied();
        let taken_back = if line.is_called(&place) { 0 } else { ARRIVED };
        let unneeded = line.leave(place);
        line.set(word - taken_back);
        drop(line);
        drop(unneeded);
    }
}

impl fmt::Display for BrokenBarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier was reset or aborted while somebody waited, or is broken; `reset` mends it")
    }
}

impl Error for BrokenBarrierError {}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("n_waiting", &self.n_waiting())
            .field("broken", &self.broken())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWait").field("barrier", self.barrier).finish_non_exhaustive()
    }
}
