//! What every gather does: waits for its children in the order in which they end, and takes them along when it is
//! cancelled.

use super::Children;
use crate::bells::Bells;
use crate::error::JoinError;
use crate::task::cancelling;
use std::task::{Context, Poll};

pub(super) struct Family<C: Children> {
    pub(super) children: C,
    bells: Bells,
    /// How many have not been settled.
    left: usize,
    /// Somebody awaits it.
    awaited: bool,
}

// The children are moved, never pinned.
impl<C: Children> Unpin for Family<C> {}

impl<C: Children> Family<C> {
    pub(super) fn new(mut children: C) -> Self {
        let (bells, left) = (Bells::new(), children.count());
        for index in 0..left {
            if children.member(index).wait(&bells.waker(index)) {
                bells.ring(index);
            }
        }
        Self { children, bells, left, awaited: false }
    }

    /// The next child that has ended; `None` when all have.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<usize, JoinError>>> {
        self.awaited = false;
        while self.left > 0 {
            let Poll::Ready(index) = self.bells.poll_next(cx) else {
                self.awaited = true;
                return Poll::Pending;
            };
            let child = self.children.member(index);
            if let Some(settled) = child.settle() {
                self.left -= 1;
                return Poll::Ready(Some(settled.map(|()| index)));
            }
            // It rang for nothing.
            child.wait(&self.bells.waker(index));
        }
        Poll::Ready(None)
    }
}

impl<C: Children> Drop for Family<C> {
    fn drop(&mut self) {
        self.bells.forget_waiter();
        if self.awaited
            && let Some(reason) = cancelling()
        {
            for index in 0..self.children.count() {
                self.children.member(index).cancel(reason.clone());
            }
        }
    }
}
