//! Gathering two to eight tasks, each of its own type.

use super::child::{Child, Member};
use super::order::Order;
use super::{Children, Gather, TryChildren};

macro_rules! tuples {
    ($($future:ident $child:ident),+) => {
        impl<$($future),+> Gather for ($($future,)+)
        where
            $($future: Future + 'static,)+
        {
            type Children = ($(Child<$future::Output>,)+);

            fn spawn(self, order: &Order) -> Self::Children {
                let ($($child,)+) = self;
                let mut index = 0..;
                ($(Child::spawn($child, index.next().expect("there is no end"), order),)+)
            }
        }

        impl<$($future: 'static),+> Children for ($(Child<$future>,)+) {
            type Output = ($($future,)+);

            fn count(&self) -> usize {
                [$(stringify!($child)),+].len()
            }

            fn member(&mut self, index: usize) -> &mut dyn Member {
                let ($($child,)+) = self;
                let members = [$($child as &mut dyn Member),+];
                members.into_iter().nth(index).expect("only so many rang")
            }

            fn outputs(&mut self) -> Self::Output {
                let ($($child,)+) = self;
                ($($child.take(),)+)
            }
        }

        impl<Error: 'static, $($future: 'static),+> TryChildren for ($(Child<Result<$future, Error>>,)+) {
            type Values = ($($future,)+);
            type Error = Error;

            fn take_error(&mut self, index: usize) -> Option<Error> {
                let ($($child,)+) = self;
                let take: &mut [&mut dyn FnMut() -> Option<Error>] = &mut [$(&mut || $child.take_error()),+];
                take[index]()
            }

            fn values(&mut self) -> Result<Self::Values, Error> {
                let ($($child,)+) = self;
                Ok(($($child.take()?,)+))
            }
        }
    };
}

tuples!(A a, B b);
tuples!(A a, B b, C c);
tuples!(A a, B b, C c, D d);
tuples!(A a, B b, C c, D d, E e);
tuples!(A a, B b, C c, D d, E e, F f);
tuples!(A a, B b, C c, D d, E e, F f, G g);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h);
