//! Gathering as many tasks of one type as an array has places.

use super::child::{Child, Member};
use super::many::spawn_each;
use super::order::Order;
use super::{Children, Gather, TryChildren};

impl<F, const N: usize> Gather for [F; N]
where
    F: Future + 'static,
{
    type Children = [Child<F::Output>; N];

    fn spawn(self, order: &Order) -> Self::Children {
        array(spawn_each(self, order))
    }
}

impl<T: 'static, const N: usize> Children for [Child<T>; N] {
    type Output = [T; N];

    fn count(&self) -> usize {
        N
    }

    fn member(&mut self, index: usize) -> &mut dyn Member {
        &mut self[index]
    }

    fn outputs(&mut self) -> [T; N] {
        self.each_mut().map(Child::take)
    }
}

impl<T: 'static, E: 'static, const N: usize> TryChildren for [Child<Result<T, E>>; N] {
    type Values = [T; N];
    type Error = E;

    fn take_error(&mut self, index: usize) -> Option<E> {
        self[index].take_error()
    }

    fn values(&mut self) -> Result<[T; N], E> {
        self.iter_mut().map(Child::take).collect::<Result<_, _>>().map(array)
    }
}

fn array<T, const N: usize>(all: Vec<T>) -> [T; N] {
    all.try_into().unwrap_or_else(|_| unreachable!("one for each of the array's places"))
}
