//! The three waits of a queue: for a place, for an item, for all to be done.

use super::QueueOf;
use super::error::QueueShutDown;
use super::order::Order;
use super::state::{Change, State};
use crate::budget;
use crate::sync::lock;
use crate::waiters::{Place, Waiters};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a free place and puts an item there. Made by [`QueueOf::put`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Putting<'a, S: Order> {
    queue: &'a QueueOf<S>,
    /// `None` once it was put or given back.
    item: Option<S::Item>,
    place: Option<Place>,
}

// The item is moved, never pinned.
impl<S: Order> Unpin for Putting<'_, S> {}

impl<'a, S: Order> Putting<'a, S> {
    pub(super) fn new(queue: &'a QueueOf<S>, item: S::Item) -> Self {
        Self { queue, item: Some(item), place: None }
    }

    /// Stops waiting and gives the item back; `None` if the future was ready.
    #[must_use]
    pub fn into_item(mut self) -> Option<S::Item> {
        self.item.take()
    }
}

impl<S: Order> Future for Putting<'_, S> {
    type Output = Result<(), QueueShutDown<S::Item>>;

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
        let mut change = Change::new(state, maxsize);
        change.leave(|state| &mut state.putters, &mut this.place);
        let item = this.item.take().expect("it was there a moment ago");
        Poll::Ready(if change.shut_down {
            Err(QueueShutDown(item))
        } else {
            change.push(item);
            Ok(())
        })
    }
}

impl<S: Order> Drop for Putting<'_, S> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.putters);
    }
}

/// Waits for an item and takes it. Made by [`QueueOf::get`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Getting<'a, S: Order> {
    queue: &'a QueueOf<S>,
    place: Option<Place>,
}

impl<'a, S: Order> Getting<'a, S> {
    pub(super) fn new(queue: &'a QueueOf<S>) -> Self {
        Self { queue, place: None }
    }
}

impl<S: Order> Future for Getting<'_, S> {
    type Output = Result<S::Item, QueueShutDown>;

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
        let mut change = Change::new(state, this.queue.maxsize);
        change.leave(|state| &mut state.getters, &mut this.place);
        debug_assert!(!mine || change.items.qsize() > 0, "called for an item that is not there");
        let item = if mine { change.items.pop() } else { None };
        Poll::Ready(item.ok_or(QueueShutDown(())))
    }
}

impl<S: Order> Drop for Getting<'_, S> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.getters);
    }
}

/// Waits until nothing is unfinished. Made by [`QueueOf::join`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Joining<'a, S: Order> {
    queue: &'a QueueOf<S>,
    place: Option<Place>,
}

impl<'a, S: Order> Joining<'a, S> {
    pub(super) fn new(queue: &'a QueueOf<S>) -> Self {
        Self { queue, place: None }
    }
}

impl<S: Order> Future for Joining<'_, S> {
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
        if released {
            Change::new(state, this.queue.maxsize).leave(|state| &mut state.joiners, &mut this.place);
            return Poll::Ready(());
        }
        let unneeded = state.joiners.wait(&mut this.place, cx.waker());
        drop(state);
        drop(unneeded);
        Poll::Pending
    }
}

impl<S: Order> Drop for Joining<'_, S> {
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.joiners);
    }
}

/// Leaves the line; what it was called for goes to the next.
fn give_up<S: Order>(
    queue: &QueueOf<S>,
    place: &mut Option<Place>,
    line: impl FnOnce(&mut State<S>) -> &mut Waiters,
) {
    if place.is_some() {
        Change::new(lock(&queue.state), queue.maxsize).leave(line, place);
    }
}

impl<S: Order> fmt::Debug for Putting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Putting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<S: Order> fmt::Debug for Getting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Getting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<S: Order> fmt::Debug for Joining<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("queue", self.queue).finish_non_exhaustive()
    }
}
