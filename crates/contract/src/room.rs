//! Places in a bounded queue, given out first come, first served.

use crate::Submit;
use crate::panic::shielded;
use crate::sync::{Mutex, lock};
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
    Other(Box<dyn Any + Send>),
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
        Self(Held::Other(Box::new(guard)))
    }

    /// The guard within, if it is a `G`.
    ///
    /// # Errors
    ///
    /// The place itself, if it holds something else.
    pub fn into_guard<G: Any>(self) -> Result<G, Self> {
        match self.0 {
            Held::Other(guard) => {
                guard.downcast().map(|guard| *guard).map_err(|guard| Self(Held::Other(guard)))
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
#[derive(Clone)]
pub struct Slots(Arc<Mutex<State>>);

struct State {
    /// Places that nobody holds. Above zero only while nobody waits.
    free: usize,
    closed: bool,
    /// Whoever waits, longest first; their numbers only rise.
    waiting: VecDeque<(u64, Waker)>,
    /// Whoever was given a place and has not been polled since.
    handed: Vec<u64>,
    next_waiter: u64,
}

impl Slots {
    /// A queue of `capacity` places.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: capacity,
            closed: false,
            waiting: VecDeque::new(),
            handed: Vec::new(),
            next_waiter: 0,
        })))
    }

    /// The place for a submission: the one that the caller waited for, else a free one, else `None`: the queue is full.
    #[must_use]
    pub fn claim(&self, options: &mut Submit) -> Option<Place> {
        match options.take_place() {
            Some(Place(Held::Slot(slot))) if Arc::ptr_eq(&slot.0.0, &self.0) => Some(Place(Held::Slot(slot))),
            _ => self.try_take(),
        }
    }

    /// A free place, if there is one.
    #[must_use]
    pub fn try_take(&self) -> Option<Place> {
        let mut state = lock(&self.0);
        state.free = state.free.checked_sub(1)?;
        Some(Place(Held::Slot(Slot(self.clone()))))
    }

    /// Waits for a place. After [`close`](Self::close) it answers [`Place::none`], so that nobody waits for ever.
    pub fn room(&self) -> Room {
        Room(Wait::Slot(SlotWait { slots: self.clone(), id: None }))
    }

    /// How many places are free.
    #[must_use]
    pub fn free(&self) -> usize {
        lock(&self.0).free
    }

    /// Ends all waiting, now and later: for an executor that shuts down. It must refuse work before it calls this, since
    /// whoever waited tries to submit once more. Places that are held stay so.
    pub fn close(&self) {
        let waiting = {
            let mut state = lock(&self.0);
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(|(_, waker)| shielded(|| waker.wake()));
    }

    fn give_back(&self) {
        let mut state = lock(&self.0);
        let first = match state.waiting.pop_front() {
            None => {
                state.free += 1;
                return;
            }
            Some((id, waker)) => {
                state.handed.push(id);
                waker
            }
        };
        drop(state);
        shielded(|| first.wake());
    }
}

/// One held place.
struct Slot(Slots);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.give_back();
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
        let mut state = lock(&self.slots.0);
        let Some(id) = self.id else {
            if state.closed {
                return Poll::Ready(Place::none());
            }
            if let Some(free) = state.free.checked_sub(1) {
                state.free = free;
                return Poll::Ready(self.place());
            }
            let id = state.next_waiter;
            state.next_waiter += 1;
            state.waiting.push_back((id, waker));
            self.id = Some(id);
            return Poll::Pending;
        };
        if let Some(at) = state.position(id) {
            let stale = std::mem::replace(&mut state.waiting[at].1, waker);
            drop(state);
            drop(stale);
            return Poll::Pending;
        }
        self.id = None;
        // Neither waiting nor handed a place: the line was closed.
        Poll::Ready(if state.take_handed(id) { self.place() } else { Place::none() })
    }

    fn place(&self) -> Place {
        Place(Held::Slot(Slot(self.slots.clone())))
    }
}

impl State {
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
        let mut state = lock(&self.slots.0);
        let handed = state.take_handed(id);
        let waiting = state.position(id).and_then(|at| state.waiting.remove(at));
        drop(state);
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
