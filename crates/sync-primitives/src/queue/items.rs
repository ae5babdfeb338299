//! The items of a queue, one after the other, until it is shut down.

use super::QueueOf;
use super::futures::Getting;
use super::order::Order;
use crate::blocking::block_on;
use crate::kind::{Kind, Shared};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gets item after item, until the queue is shut down and empty. Made by [`QueueOf::items`].
///
/// [`next`](Self::next) is for a task, [`blocking`](Self::blocking) for a thread. [`poll_next`](Self::poll_next) has the
/// shape of a `futures_core::Stream`'s, for whatever makes a stream of a function: this crate depends on no other.
#[must_use = "items come out when they are asked for"]
pub struct Items<'a, S: Order, K: Kind = Shared> {
    queue: &'a QueueOf<S, K>,
    getting: Getting<'a, S, K>,
}

impl<'a, S: Order, K: Kind> Items<'a, S, K> {
    pub(super) fn new(queue: &'a QueueOf<S, K>) -> Self {
        Self { queue, getting: queue.get() }
    }

    /// Waits for the next item; `None` once the queue is shut down and empty.
    ///
    /// # Cancel safety
    ///
    /// As [`QueueOf::get`].
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextItem<'_, 'a, S, K> {
        NextItem(self)
    }

    /// The next item, as a stream gives it. It keeps its place in line between polls: poll it again, or drop it, else the
    /// item that it is woken for waits with it.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let got = Pin::new(&mut self.getting).poll(cx);
        if got.is_ready() {
            self.leave();
        }
        got.map(Result::ok)
    }

    fn leave(&mut self) {
        self.getting = self.queue.get();
    }
}

impl<'a, S: Order> Items<'a, S> {
    /// The same, for a thread that may block.
    ///
    /// # Panics
    ///
    /// Its `next`, on a thread that is running an event loop.
    pub fn blocking(self) -> ItemsBlocking<'a, S> {
        ItemsBlocking(self)
    }
}

/// Waits for the next item. Made by [`Items::next`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct NextItem<'i, 'a, S: Order, K: Kind = Shared>(&'i mut Items<'a, S, K>);

impl<S: Order, K: Kind> Future for NextItem<'_, '_, S, K> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.0.poll_next(cx)
    }
}

impl<S: Order, K: Kind> Drop for NextItem<'_, '_, S, K> {
    fn drop(&mut self) {
        // Nobody polls until the next `next`, so it must not keep an item from others.
        self.0.leave();
    }
}

/// Blocks for item after item. Made by [`Items::blocking`].
#[must_use = "items come out when they are asked for"]
pub struct ItemsBlocking<'a, S: Order>(Items<'a, S>);

impl<S: Order> Iterator for ItemsBlocking<'_, S> {
    type Item = S::Item;

    #[track_caller]
    fn next(&mut self) -> Option<S::Item> {
        block_on(self.0.next())
    }
}

impl<S: Order, K: Kind> fmt::Debug for Items<'_, S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("queue", self.queue).finish_non_exhaustive()
    }
}

impl<S: Order, K: Kind> fmt::Debug for NextItem<'_, '_, S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextItem").field("queue", self.0.queue).finish_non_exhaustive()
    }
}

impl<S: Order> fmt::Debug for ItemsBlocking<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemsBlocking").field("queue", self.0.queue).finish_non_exhaustive()
    }
}
