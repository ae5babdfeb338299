//! Gathering any number of tasks of one type.

use super::child::{Child, Member};
use super::order::Order;
use super::{Children, Gather, TryChildren};
use std::fmt;

/// The tasks that a [`gather`](super::gather()) of a `Vec` waits for.
pub struct Siblings<T: 'static>(Vec<Child<T>>);

impl<F> Gather for Vec<F>
where
    F: Future + 'static,
{
    type Children = Siblings<F::Output>;

    fn spawn(self, order: &Order) -> Self::Children {
        Siblings(spawn_each(self, order))
    }
}

#[track_caller]
pub(super) fn spawn_each<F>(
    futures: impl IntoIterator<Item = F, IntoIter: ExactSizeIterator>,
    order: &Order,
) -> Vec<Child<F::Output>>
where
    F: Future + 'static,
{
    let futures = futures.into_iter();
    let mut children = Vec::with_capacity(futures.len());
    // No closure: the place of the spawn is the caller's.
    for (index, future) in futures.enumerate() {
        children.push(Child::spawn(future, index, order));
    }
    children
}

impl<T: 'static> Children for Siblings<T> {
    type Output = Vec<T>;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn member(&mut self, index: usize) -> &mut dyn Member {
        &mut self.0[index]
    }

    fn outputs(&mut self) -> Vec<T> {
        self.0.iter_mut().map(Child::take).collect()
    }
}

impl<T: 'static, E: 'static> TryChildren for Siblings<Result<T, E>> {
    type Values = Vec<T>;
    type Error = E;

    fn take_error(&mut self, index: usize) -> Option<E> {
        self.0[index].take_error()
    }

    fn values(&mut self) -> Result<Vec<T>, E> {
        self.0.iter_mut().map(Child::take).collect()
    }
}

impl<T: 'static> fmt::Debug for Siblings<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Siblings").field(&self.0.len()).finish()
    }
}
