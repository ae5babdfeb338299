//! Waiting for several at once.

use crate::error::JoinError;
use crate::task::{Task, spawn};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

mod many;

pub use many::Siblings;

/// Runs futures side by side, each as a task of its own, and gives their outputs in the order of the arguments: a tuple
/// for a tuple of two to eight, a `Vec` for a `Vec`.
///
/// The tasks are spawned inside this call. If one is cancelled or panics, that is the outcome at once, and the others run
/// on; what becomes of them is not reported. If whoever awaits is cancelled, all of them are.
///
/// # Errors
///
/// The [`JoinError`] of the first that failed.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it in any other way than by a cancel detaches the tasks.
///
/// # Python
///
/// `asyncio.gather(*aws)`. A future whose output is itself a `Result` gives that `Result`: `return_exceptions=True`.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let (a, b) = core_loop::gather((async { 1 }, async { "two" })).await.unwrap();
///     assert_eq!((a, b), (1, "two"));
///     let squares = core_loop::gather((1..=3).map(|n| async move { n * n }).collect::<Vec<_>>()).await.unwrap();
///     assert_eq!(squares, [1, 4, 9]);
/// })
/// # }
/// ```
#[track_caller]
pub fn gather<G: Gather>(futures: G) -> Gathered<G::Children> {
    Gathered(futures.spawn())
}

/// Futures that [`gather`] can run: tuples of two to eight, and `Vec`.
pub trait Gather {
    /// The tasks made of them.
    type Children: Children;

    /// Spawns one task for each.
    #[track_caller]
    fn spawn(self) -> Self::Children;
}

/// The tasks that a [`gather`] waits for.
pub trait Children: Unpin {
    /// Their outputs, in order.
    type Output;

    /// Polls all that are not done.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Self::Output, JoinError>>;
}

/// Made by [`gather`].
#[must_use = "the tasks run anyhow, but nobody sees their outputs"]
pub struct Gathered<C>(C);

impl<C: Children> Future for Gathered<C> {
    type Output = Result<C::Output, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx)
    }
}

/// One task and, once it is done, its output.
pub struct Child<T: 'static>(State<T>);

enum State<T: 'static> {
    Running(Task<T>),
    Done(T),
    Taken,
}

// The output is moved, never pinned.
impl<T: 'static> Unpin for Child<T> {}

impl<T: 'static> Child<T> {
    #[track_caller]
    fn spawn(future: impl Future<Output = T> + 'static) -> Self {
        let mut task = spawn(future);
        // Of several failures only the first has somebody to see it.
        task.hush();
        Self(State::Running(task))
    }

    /// `true` when the output is there.
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<bool, JoinError> {
        if let State::Running(task) = &mut self.0 {
            match Pin::new(task).poll(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(output) => self.0 = State::Done(output?),
            }
        }
        Ok(true)
    }

    fn take(&mut self) -> T {
        match std::mem::replace(&mut self.0, State::Taken) {
            State::Done(output) => output,
            State::Running(_) | State::Taken => unreachable!("outputs are taken once, when all are there"),
        }
    }
}

macro_rules! tuples {
    ($($future:ident $child:ident),+) => {
        impl<$($future),+> Gather for ($($future,)+)
        where
            $($future: Future + 'static,)+
        {
            type Children = ($(Child<$future::Output>,)+);

            fn spawn(self) -> Self::Children {
                let ($($child,)+) = self;
                ($(Child::spawn($child),)+)
            }
        }

        impl<$($future: 'static),+> Children for ($(Child<$future>,)+) {
            type Output = ($($future,)+);

            fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Self::Output, JoinError>> {
                let ($($child,)+) = self;
                let mut all = true;
                $(all &= $child.poll(cx)?;)+
                if all { Poll::Ready(Ok(($($child.take(),)+))) } else { Poll::Pending }
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

impl<C> fmt::Debug for Gathered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathered").finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}
