//! Places in a bounded queue, given out first come, first served.

use crate::Submit;
use crate::panic::shielded;
use crate::sync::{AtomicUsize, Mutex, Ordering, lock};
use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Waits for a place in an executor's queue. Made by [`Executor::room`](crate::Executor::room).
///
/// # Cancel safety
///
/// Dropping it gives up its turn, and passes on the place if it had been given one already.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Room(Wait);

enum Wait {
    /// There is always room.
    Unbounded,
    Slot(SlotWait),
    Other(Pin<Box<dyn Future<Output = Place> + Send>>),
}

impl Room {
    /// There is always room.
    pub fn unbounded() -> Self {
        Self(Wait::Unbounded)
    }

    /// Waits as `wait` does. For executors with a queue of their own; those on [`Slots`] use [`Slots::room`].
    pub fn new(wait: impl Future<Output = Place> + Send + 'static) -> Self {
        Self(Wait::Other(Box::pin(wait)))
    }
}

impl Future for Room {
    type Output = Place;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Place> {
        match &mut self.0 {
            Wait::Unbounded => Poll::Ready(Place::none()),
            Wait::Slot(wait) => wait.poll(cx),
            Wait::Other(wait) => wait.as_mut().poll(cx),
        }
    }
}

/// A place in a queue, held for one submission: hand it over with [`Submit::place`]. Dropping it gives it up.
pub struct Place(Held);

enum Held {
    Nothing,
    Slot(Slot),
    /// Twice boxed: one word, as every job has room for a place.
    Other(Box<Box<dyn Any + Send>>),
}

impl Place {
    /// A place where none is needed: the queue has no bound, or the executor takes nothing more.
    #[must_use]
    pub fn none() -> Self {
        Self(Held::Nothing)
    }

    /// A place that is given up when `guard` is dropped.
    #[must_use]
    pub fn new(guard: impl Any + Send) -> Self {
        Self(Held::Other(Box::new(Box::new(guard))))
    }

    /// The guard within, if it is a `G`.
    ///
    /// # Errors
    ///
    /// The place itself, if it holds something else.
    pub fn into_guard<G: Any>(self) -> Result<G, Self> {
        match self.0 {
            Held::Other(guard) => {
                guard.downcast().map(|guard| *guard).map_err(|guard| Self(Held::Other(Box::new(guard))))
            }
            held => Err(Self(held)),
        }
    }
}

/// The places of one bounded queue: the piece that an executor with a bound is built on.
///
/// ```text
///             try_take / handed over to the first waiter
///   FREE ────────────────────────────────────────────────► HELD
///     ▲                                                     │ drop: to the first waiter, else back
///     └─────────────────────────────────────────────────────┘
/// ```
///
/// A place that comes back goes straight to whoever has waited longest, so a newcomer never overtakes. Cloning gives
/// another handle to the same places. Wakers are cloned, woken and dropped without the lock.
///
/// While nobody waits, taking and giving back are one atomic step each, on different words: those who submit and those who
/// start jobs do not pull one line of the cache to and fro. Whoever begins to wait says so in the word of those who give
/// back, so that a place which comes back either is seen by them, or sees them.
#[derive(Clone)]
pub struct Slots(Arc<Inner>);

struct Inner {
    /// Twice the number of places.
    capacity: usize,
    takers: Takers,
    givers: Givers,
    line: Mutex<Line>,
}

/// What those write who take places.
#[repr(align(128))]
struct Takers {
    /// Twice the number of places taken so far.
    taken: AtomicUsize,
    /// Twice the number of those that had come back when somebody looked last.
    given_seen: AtomicUsize,
}

/// What those write who give places back: twice the number of places that came back so far, and one more while there is a
/// line. A place that comes back then is nobody's before the lock is taken.
#[repr(align(128))]
struct Givers(AtomicUsize);

const A_LINE: usize = 1;
const PLACE: usize = 2;

struct Line {
    closed: bool,
    /// Whoever waits, longest first; their numbers only rise.
    waiting: VecDeque<(u64, Waker)>,
    /// Whoever was given a place and has not been polled since.
    handed: Vec<u64>,
    next_waiter: u64,
}

impl Inner {
    /// Whether all places are held, when so many have been taken and given back. The numbers only grow, and go round.
    fn is_full(&self, taken: usize, given: usize) -> bool {
        taken.wrapping_sub(given & !A_LINE) >= self.capacity
    }

    /// A place that is free. Places are free only while nobody waits.
    fn try_take(&self) -> bool {
        let Takers { taken, given_seen } = &self.takers;
        // Acquire here, Release where places come back, and both for what was seen of them: whoever gets a place sees what
        // its last holder did.
        let mut given = given_seen.load(Ordering::Acquire);
        // Relaxed: what is taken is only counted.
        let mut now = taken.load(Ordering::Relaxed);
        loop {
            // What was seen may be older than what was taken since: then more come back than it says, never fewer.
            if self.is_full(now, given) {
                given = self.givers.0.load(Ordering::Acquire) & !A_LINE;
                now = taken.load(Ordering::Relaxed);
                if self.is_full(now, given) {
                    return false;
                }
                given_seen.store(given, Ordering::Release);
            }
            match taken.compare_exchange_weak(
                now,
                now.wrapping_add(PLACE),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
    }

    /// Frees a place. `false`: there is a line, ask there.
    fn try_give(&self) -> bool {
        self.givers
            .0
            .fetch_update(Ordering::Release, Ordering::Relaxed, |given| {
                if given & A_LINE == 0 { Some(given.wrapping_add(PLACE)) } else { None }
            })
            .is_ok()
    }

    /// A free place; or `false`, and from now on there is a line.
    fn take_or_line_up(&self, _line: &mut Line) -> bool {
        loop {
            if self.try_take() {
                return true;
            }
            // Full still, with nothing come back since: then whatever comes back next finds the line.
            let given = self.givers.0.load(Ordering::Acquire);
            let full = self.is_full(self.takers.taken.load(Ordering::Relaxed), given);
            let lined_up = || {
                let line = given | A_LINE;
                self.givers.0.compare_exchange(given, line, Ordering::Acquire, Ordering::Relaxed).is_ok()
            };
            if full && lined_up() {
                return false;
            }
        }
    }

    /// Nobody waits any more. Relaxed: whoever finds a line takes the lock.
    fn dissolve(&self, _line: &mut Line) {
        self.givers.0.fetch_and(!A_LINE, Ordering::Relaxed);
    }
}

impl Slots {
    /// A queue of `capacity` places.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        // Half of what can be counted, so that numbers that went round are still told from those that did not.
        let capacity = capacity.min(usize::MAX / 4) * PLACE;
        let line = Line { closed: false, waiting: VecDeque::new(), handed: Vec::new(), next_waiter: 0 };
        let takers = Takers { taken: AtomicUsize::new(0), given_seen: AtomicUsize::new(0) };
        let givers = Givers(AtomicUsize::new(0));
        Self(Arc::new(Inner { capacity, takers, givers, line: Mutex::new(line) }))
    }

    /// The place for a submission: the one that the caller waited for, else a free one, else `None`: the queue is full.
    #[must_use]
    pub fn claim(&self, options: &mut Submit) -> Option<Place> {
        match options.take_place() {
            Some(Place(Held::Slot(slot))) if slot.is_of(self) => Some(Place(Held::Slot(slot))),
            _ => self.try_take(),
        }
    }

    /// As [`claim`](Self::claim), for an executor that keeps no [`Place`] with the job: whether there is one. It calls
    /// [`give_back`](Self::give_back) when the job leaves the queue.
    #[must_use]
    pub fn take(&self, options: &mut Submit) -> bool {
        match options.take_place() {
            Some(Place(Held::Slot(mut slot))) if slot.is_of(self) => slot.0.take().is_some(),
            _ => self.0.try_take(),
        }
    }

    /// A free place, if there is one.
    #[must_use]
    pub fn try_take(&self) -> Option<Place> {
        self.0.try_take().then(|| Place(Held::Slot(Slot(Some(self.clone())))))
    }

    /// Waits for a place. After [`close`](Self::close) it answers [`Place::none`], so that nobody waits for ever.
    pub fn room(&self) -> Room {
        Room(Wait::Slot(SlotWait { slots: self.clone(), id: None }))
    }

    /// How many places are free.
    #[must_use]
    pub fn free(&self) -> usize {
        // Acquire: what came back was taken before. The number may be another a moment later.
        let given = self.0.givers.0.load(Ordering::Acquire) & !A_LINE;
        let taken = self.0.takers.taken.load(Ordering::Relaxed);
        // What was given back between the two looks may have been taken after the first.
        self.0.capacity.saturating_sub(taken.wrapping_sub(given)) / PLACE
    }

    /// Ends all waiting, now and later: for an executor that shuts down. It must refuse work before it calls this, since
    /// whoever waited tries to submit once more. Places that are held stay so.
    pub fn close(&self) {
        let waiting = {
            let mut line = lock(&self.0.line);
            line.closed = true;
            self.0.dissolve(&mut line);
            std::mem::take(&mut line.waiting)
        };
        waiting.into_iter().for_each(|(_, waker)| shielded(|| waker.wake()));
    }

    /// A place that [`take`](Self::take) took comes back.
    pub fn give_back(&self) {
        if self.0.try_give() {
            return;
        }
        let mut line = lock(&self.0.line);
        let Some((id, waker)) = line.waiting.pop_front() else {
            // The line dissolved before the lock was taken; nobody can have begun another.
            let given = self.0.try_give();
            debug_assert!(given, "a line without anybody in it");
            return;
        };
        line.handed.push(id);
        if line.waiting.is_empty() {
            self.0.dissolve(&mut line);
        }
        drop(line);
        shielded(|| waker.wake());
    }
}

/// One held place.
struct Slot(
    /// `None` once somebody else gives it back.
    Option<Slots>,
);

impl Slot {
    fn is_of(&self, slots: &Slots) -> bool {
        self.0.as_ref().is_some_and(|own| Arc::ptr_eq(&own.0, &slots.0))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = &self.0 {
            slots.give_back();
        }
    }
}

struct SlotWait {
    slots: Slots,
    /// Its number in the line, once it has had to wait.
    id: Option<u64>,
}

impl SlotWait {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Place> {
        // Before the lock is taken, and so dropped after it is released.
        let waker = cx.waker().clone();
        let mut line = lock(&self.slots.0.line);
        let Some(id) = self.id else {
            if line.closed {
                return Poll::Ready(Place::none());
            }
            if self.slots.0.take_or_line_up(&mut line) {
                return Poll::Ready(self.place());
            }
            let id = line.next_waiter;
            line.next_waiter += 1;
            line.waiting.push_back((id, waker));
            self.id = Some(id);
            return Poll::Pending;
        };
        if let Some(at) = line.position(id) {
            let stale = std::mem::replace(&mut line.waiting[at].1, waker);
            drop(line);
            drop(stale);
            return Poll::Pending;
        }
        self.id = None;
        // Neither waiting nor handed a place: the line was closed.
        Poll::Ready(if line.take_handed(id) { self.place() } else { Place::none() })
    }

    fn place(&self) -> Place {
        Place(Held::Slot(Slot(Some(self.slots.clone()))))
    }
}

impl Line {
    /// Where in the line `id` stands.
    fn position(&self, id: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&id, |waiting| waiting.0).ok()
    }

    /// Whether `id` has been handed a place, which it takes by this.
    fn take_handed(&mut self, id: u64) -> bool {
        let at = self.handed.iter().position(|handed| *handed == id);
        at.map(|at| self.handed.swap_remove(at)).is_some()
    }
}

impl Drop for SlotWait {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut line = lock(&self.slots.0.line);
        let handed = line.take_handed(id);
        let waiting = line.position(id).and_then(|at| line.waiting.remove(at));
        if waiting.is_some() && line.waiting.is_empty() {
            self.slots.0.dissolve(&mut line);
        }
        drop(line);
        drop(waiting);
        if handed {
            self.slots.give_back();
        }
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("free", &self.free()).finish_non_exhaustive()
    }
}
