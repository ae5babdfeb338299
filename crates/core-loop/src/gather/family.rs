//! What every gather does: waits for its children in the order in which they end, and takes them along when it is
//! cancelled.

use super::Children;
use super::order::Order;
use crate::error::JoinError;
use crate::task::{Waiter, cancelling};
use std::task::{Context, Poll};

pub(super) struct Family<C: Children> {
    pub(super) children: C,
    order: Order,
    /// How many have not been settled.
    left: usize,
    /// Whom all children wake that have not been settled.
    waiter: Option<Waiter>,
    /// Somebody awaits it.
    awaited: bool,
}

// The children are moved, never pinned.
impl<C: Children> Unpin for Family<C> {}

impl<C: Children> Family<C> {
    pub(super) fn new(children: C, order: Order) -> Self {
        Self { left: children.count(), children, order, waiter: None, awaited: false }
    }

    /// The next child that has ended; `None` when all have.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<usize, JoinError>>> {
        self.awaited = false;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if !self.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker())) {
            (0..self.children.count()).for_each(|index| self.children.member(index).wait(cx));
            let before = self.waiter.replace(Waiter::of(cx.waker()));
            drop(before);
        }
        // Whose future has ended may still have clean-ups to run: then it stays in the line, and the next comes.
        let mut place = 0;
        while let Some(index) = self.order.get(place) {
            if let Some(settled) = self.children.member(index).settle() {
                self.order.remove(place);
                self.left -= 1;
                return Poll::Ready(Some(settled.map(|()| index)));
            }
            place += 1;
        }
        self.awaited = true;
        Poll::Pending
    }
}

impl<C: Children> Drop for Family<C> {
    fn drop(&mut self) {
        if self.awaited
            && let Some(reason) = cancelling()
        {
            for index in 0..self.children.count() {
                self.children.member(index).cancel(reason.clone());
            }
        }
    }
}
