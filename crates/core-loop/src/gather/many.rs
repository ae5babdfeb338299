//! Waiting for any number of tasks: each is polled when it has ended, not whenever another has.

use super::{Child, Children, Gather};
use crate::error::JoinError;
use crate::sync::{Mutex, lock};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The tasks that a [`gather`](super::gather) of a `Vec` waits for.
pub struct Siblings<T: 'static> {
    children: Vec<Child<T>>,
    /// How many have not given their output.
    left: usize,
    ended: Arc<Mutex<Ended>>,
}

/// Those who have ended and were not polled since.
#[derive(Default)]
struct Ended {
    indices: Vec<usize>,
    waiter: Option<Waker>,
}

/// The waker of one child.
struct Bell {
    index: usize,
    ended: Arc<Mutex<Ended>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut ended = lock(&self.ended);
        ended.indices.push(self.index);
        let waiter = ended.waiter.take();
        drop(ended);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

impl<F> Gather for Vec<F>
where
    F: Future + 'static,
{
    type Children = Siblings<F::Output>;

    fn spawn(self) -> Self::Children {
        let children: Vec<_> = self.into_iter().map(Child::spawn).collect();
        let left = children.len();
        // All are polled once, which registers their bells.
        let ended = Ended { indices: (0..left).collect(), waiter: None };
        Siblings { children, left, ended: Arc::new(Mutex::new(ended)) }
    }
}

impl<T: 'static> Children for Siblings<T> {
    type Output = Vec<T>;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<T>, JoinError>> {
        let waiter = cx.waker().clone();
        let mut ended = lock(&self.ended);
        let indices = std::mem::take(&mut ended.indices);
        let before = ended.waiter.replace(waiter);
        drop(ended);
        drop(before);
        for index in indices {
            let bell = Waker::from(Arc::new(Bell { index, ended: self.ended.clone() }));
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
