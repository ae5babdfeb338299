//! Waiting for any number of tasks: each is polled when it has ended, not whenever another has.

use super::{Child, Children, Gather};
use crate::bells::Bells;
use crate::error::JoinError;
use std::fmt;
use std::task::{Context, Poll};

/// The tasks that a [`gather`](super::gather) of a `Vec` waits for.
pub struct Siblings<T: 'static> {
    children: Vec<Child<T>>,
    /// How many have not given their output.
    left: usize,
    bells: Bells,
}

impl<F> Gather for Vec<F>
where
    F: Future + 'static,
{
    type Children = Siblings<F::Output>;

    fn spawn(self) -> Self::Children {
        let children: Vec<_> = self.into_iter().map(Child::spawn).collect();
        let left = children.len();
        // All are polled once, which hands out their bells.
        let bells = Bells::rung(0..left);
        Siblings { children, left, bells }
    }
}

impl<T: 'static> Children for Siblings<T> {
    type Output = Vec<T>;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<T>, JoinError>> {
        for index in self.bells.answer(cx) {
            let bell = self.bells.bell(index).waker();
            if self.children[index].poll(&mut Context::from_waker(&bell))? {
                self.left -= 1;
            }
        }
        if self.left > 0 {
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.children.iter_mut().map(Child::take).collect()))
    }
}

impl<T: 'static> fmt::Debug for Siblings<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Siblings").field("left", &self.left).finish_non_exhaustive()
    }
}
