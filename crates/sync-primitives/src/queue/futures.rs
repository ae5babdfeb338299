//! The three waits of a queue: for a place, for an item, for all to be done.

use super::Queue;
use super::error::QueueShutDown;
use super::state::{State, leave};
use crate::budget;
use crate::sync::lock;
use crate::waiters::{Place, Waiters, Wakes};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a free place and puts an item there. Made by [`Queue::put`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Putting<'a, T> {
    queue: &'a Queue<T>,
    /// `None` once it was put or given back.
    item: Option<T>,
    place: Option<Place>,
}

// The item is moved, never pinned.
impl<T> Unpin for Putting<'_, T> {}

impl<'a, T> Putting<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>, item: T) -> Self {
        Self { queue, item: Some(item), place: None }
    }

    /// Stops waiting and gives the item back; `None` if the future was ready.
    #[must_use]
    pub fn into_item(mut self) -> Option<T> {
        self.item.take()
    }
}

impl<T> Future for Putting<'_, T> {
    type Output = Result<(), QueueShutDown<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(this.item.is_some(), "a put was polled again after it was ready");
        let maxsize = this.queue.maxsize;
        let mut state = lock(&this.queue.state);
        if !state.shut_down && !state.may_put(this.place.as_ref(), maxsize) {
            let unneeded = state.putters.wait(&mut this.place, cx.waker());
            drop(state);
            drop(unneeded);
            return Poll::Pending;
        }
        if !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        let unneeded = leave(&mut state.putters, &mut this.place);
        let mut wakes = Wakes::default();
        if !state.shut_down {
            state.items.extend(this.item.take());
            state.unfinished += 1;
            state.settle(maxsize, &mut wakes);
        }
        let refused = this.item.take();
        drop(state);
        drop(unneeded);
        wakes.wake_all();
        Poll::Ready(refused.map_or(Ok(()), |item| Err(QueueShutDown(item))))
    }
}

impl<T> Drop for Putting<'_, T> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.putters);
    }
}

/// Waits for an item and takes it. Made by [`Queue::get`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Getting<'a, T> {
    queue: &'a Queue<T>,
    place: Option<Place>,
}

impl<'a, T> Getting<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>) -> Self {
        Self { queue, place: None }
    }
}

impl<T> Future for Getting<'_, T> {
    type Output = Result<T, QueueShutDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut state = lock(&this.queue.state);
        let mine = state.may_get(this.place.as_ref());
        if !mine && !state.shut_down {
            let unneeded = state.getters.wait(&mut this.place, cx.waker());
            drop(state);
            drop(unneeded);
            return Poll::Pending;
        }
        if !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        let unneeded = leave(&mut state.getters, &mut this.place);
        debug_assert!(!mine || !state.items.is_empty(), "called for an item that is not there");
        let item = if mine { state.items.pop_front() } else { None };
        let mut wakes = Wakes::default();
        state.settle(this.queue.maxsize, &mut wakes);
        drop(state);
        drop(unneeded);
        wakes.wake_all();
        Poll::Ready(item.ok_or(QueueShutDown(())))
    }
}

impl<T> Drop for Getting<'_, T> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.getters);
    }
}

/// Waits until nothing is unfinished. Made by [`Queue::join`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Joining<'a, T> {
    queue: &'a Queue<T>,
    place: Option<Place>,
}

impl<'a, T> Joining<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>) -> Self {
        Self { queue, place: None }
    }
}

impl<T> Future for Joining<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = lock(&this.queue.state);
        let released = match &this.place {
            Some(place) => state.joiners.is_called(place),
            None => state.unfinished == 0,
        };
        if released && !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        let (answer, unneeded) = if released {
            (Poll::Ready(()), leave(&mut state.joiners, &mut this.place))
        } else {
            (Poll::Pending, state.joiners.wait(&mut this.place, cx.waker()))
        };
        drop(state);
        drop(unneeded);
        answer
    }
}

impl<T> Drop for Joining<'_, T> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.joiners);
    }
}

/// Leaves the line; what it was called for goes to the next.
fn give_up<T>(queue: &Queue<T>, place: &mut Option<Place>, line: impl FnOnce(&mut State<T>) -> &mut Waiters) {
    if place.is_none() {
        return;
    }
    let mut wakes = Wakes::default();
    let mut state = lock(&queue.state);
    let unneeded = leave(line(&mut state), place);
    state.settle(queue.maxsize, &mut wakes);
    drop(state);
    drop(unneeded);
    wakes.wake_all();
}

impl<T> fmt::Debug for Putting<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Putting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Getting<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Getting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Joining<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("queue", self.queue).finish_non_exhaustive()
    }
}
