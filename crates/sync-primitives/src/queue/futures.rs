//! The three waits of a queue: for a place, for an item, for all to be done.

use super::QueueOf;
use super::error::QueueShutDown;
use super::order::Order;
use super::state::{Change, State};
use crate::budget;
use crate::kind::{Guarded, Kind, Shared};
use crate::waiters::{Place, Waiters};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a free place and puts an item there. Made by [`QueueOf::put`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Putting<'a, S: Order, K: Kind = Shared> {
    queue: &'a QueueOf<S, K>,
    /// `None` once it was put or given back.
    item: Option<S::Item>,
    place: Option<Place>,
}

// The item is moved, never pinned.
impl<S: Order, K: Kind> Unpin for Putting<'_, S, K> {}

impl<'a, S: Order, K: Kind> Putting<'a, S, K> {
    pub(super) fn new(queue: &'a QueueOf<S, K>, item: S::Item) -> Self {
        Self { queue, item: Some(item), place: None }
    }

    /// Stops waiting and gives the item back; `None` if the future was ready.
    #[must_use]
    pub fn into_item(mut self) -> Option<S::Item> {
        self.item.take()
    }
}

impl<S: Order, K: Kind> Future for Putting<'_, S, K> {
    type Output = Result<(), QueueShutDown<S::Item>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(this.item.is_some(), "a put was polled again after it was ready");
        let maxsize = this.queue.maxsize;
        let mut state = this.queue.state.lock();
        if this.place.is_none() && state.puts_freely(maxsize) {
            if !budget::spend() {
                drop(state);
                return budget::pass(cx);
            }
            state.push(this.item.take().expect("it was there a moment ago"));
            return Poll::Ready(Ok(()));
        }
        if !state.may_put(this.place.as_ref(), maxsize) {
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

impl<S: Order, K: Kind> Drop for Putting<'_, S, K> {
    #[inline]
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.putters);
    }
}

/// Waits for an item and takes it. Made by [`QueueOf::get`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Getting<'a, S: Order, K: Kind = Shared> {
    queue: &'a QueueOf<S, K>,
    place: Option<Place>,
}

impl<'a, S: Order, K: Kind> Getting<'a, S, K> {
    pub(super) fn new(queue: &'a QueueOf<S, K>) -> Self {
        Self { queue, place: None }
    }
}

impl<S: Order, K: Kind> Future for Getting<'_, S, K> {
    type Output = Result<S::Item, QueueShutDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut state = this.queue.state.lock();
        if this.place.is_none() && state.gets_freely() {
            if !budget::spend() {
                drop(state);
                return budget::pass(cx);
            }
            return Poll::Ready(state.items.pop().ok_or(QueueShutDown(())));
        }
        if !state.may_get(this.place.as_ref()) {
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
        let item = change.items.pop();
        debug_assert!(item.is_some() || change.shut_down, "called for an item that is not there");
        Poll::Ready(item.ok_or(QueueShutDown(())))
    }
}

impl<S: Order, K: Kind> Drop for Getting<'_, S, K> {
    #[inline]
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.getters);
    }
}

/// Waits until nothing is unfinished. Made by [`QueueOf::join`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Joining<'a, S: Order, K: Kind = Shared> {
    queue: &'a QueueOf<S, K>,
    place: Option<Place>,
    /// It has seen that nothing was unfinished, and only its budget was gone.
    released: bool,
}

impl<'a, S: Order, K: Kind> Joining<'a, S, K> {
    pub(super) fn new(queue: &'a QueueOf<S, K>) -> Self {
        Self { queue, place: None, released: false }
    }
}

impl<S: Order, K: Kind> Future for Joining<'_, S, K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.queue.state.lock();
        // Kept for the next poll: more may be put until then.
        this.released |= match &this.place {
            Some(place) => state.joiners.is_called(place),
            None => state.unfinished == 0,
        };
        if this.released && !budget::spend() {
            drop(state);
            return budget::pass(cx);
        }
        if this.released {
            Change::new(state, this.queue.maxsize).leave(|state| &mut state.joiners, &mut this.place);
            return Poll::Ready(());
        }
        let unneeded = state.joiners.wait(&mut this.place, cx.waker());
        drop(state);
        drop(unneeded);
        Poll::Pending
    }
}

impl<S: Order, K: Kind> Drop for Joining<'_, S, K> {
    #[inline]
    fn drop(&mut self) {
        give_up(self.queue, &mut self.place, |state| &mut state.joiners);
    }
}

/// Leaves the line; what it was called for goes to the next.
#[inline]
fn give_up<S: Order, K: Kind>(
    queue: &QueueOf<S, K>,
    place: &mut Option<Place>,
    line: impl FnOnce(&mut State<S>) -> &mut Waiters,
) {
    if place.is_some() {
        Change::new(queue.state.lock(), queue.maxsize).leave(line, place);
    }
}

impl<S: Order, K: Kind> fmt::Debug for Putting<'_, S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Putting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<S: Order, K: Kind> fmt::Debug for Getting<'_, S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Getting").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<S: Order, K: Kind> fmt::Debug for Joining<'_, S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("queue", self.queue).finish_non_exhaustive()
    }
}
