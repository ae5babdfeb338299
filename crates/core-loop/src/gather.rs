//! Running several at once, and waiting for all of them.

use crate::error::JoinError;
use family::Family;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

mod array;
mod child;
mod family;
mod few;
mod many;
mod order;

pub use child::{Child, Member};
pub use many::Siblings;
pub use order::Order;

/// Runs futures side by side, each as a task of its own, and gives their outputs in the order of the arguments: a tuple
/// for a tuple of two to eight, an array for an array, a `Vec` for a `Vec`.
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
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let (a, b) = core_loop::gather((async { 1 }, async { "two" })).await.unwrap();
///     assert_eq!((a, b), (1, "two"));
///     let [one, four] = core_loop::gather([1, 2].map(|n| async move { n * n })).await.unwrap();
///     assert_eq!((one, four), (1, 4));
///     let squares = core_loop::gather((1..=3).map(|n| async move { n * n }).collect::<Vec<_>>()).await.unwrap();
///     assert_eq!(squares, [1, 4, 9]);
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.gather(*aws, return_exceptions=True)`: a future whose output is itself a `Result` – a task, for example – has
/// that `Result` at its place. Without `return_exceptions` it is [`try_gather`].
#[track_caller]
pub fn gather<G: Gather>(futures: G) -> Gathered<G::Children> {
    let order = Order::new();
    Gathered(Family::new(futures.spawn(&order), order))
}

/// Runs futures side by side, each as a task of its own, and gives their values, or the first error: as [`gather`], for
/// futures whose output is a `Result`.
///
/// The first in time counts, also of several in one turn. It comes out at once; the others run on, and what becomes of
/// them is not reported. If whoever awaits is cancelled, all of them are.
///
/// # Errors
///
/// The inner one is the first error of a future. The outer one is the [`JoinError`] of a task that gave no output, if that
/// came first.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it in any other way than by a cancel detaches the tasks.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let numbers = ["1", "2"].map(|text| async { text.parse::<u32>() });
///     assert_eq!(core_loop::try_gather(numbers).await.unwrap(), Ok([1, 2]));
///
///     let failing = (async { Ok::<_, &str>(1) }, async { Err::<(), _>("no luck") });
///     assert_eq!(core_loop::try_gather(failing).await.unwrap(), Err("no luck"));
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.gather(*aws)`. A task may be among them; cancelled, it is an error, and not a cancel of whoever awaits.
#[track_caller]
pub fn try_gather<G>(futures: G) -> TryGathered<G::Children>
where
    G: Gather,
    G::Children: TryChildren,
{
    let order = Order::new();
    TryGathered(Family::new(futures.spawn(&order), order))
}

/// Futures that [`gather`] can run: tuples of two to eight, arrays, and `Vec`.
pub trait Gather {
    /// The tasks made of them.
    type Children: Children;

    /// Spawns one task for each, which notes its end in `order`.
    #[track_caller]
    fn spawn(self, order: &Order) -> Self::Children;
}

/// The tasks that a [`gather`] waits for.
pub trait Children {
    /// Their outputs, in order.
    type Output;

    /// How many there are.
    fn count(&self) -> usize;

    /// One of them.
    fn member(&mut self, index: usize) -> &mut dyn Member;

    /// Takes what came of all, once all are settled.
    fn outputs(&mut self) -> Self::Output;
}

/// The tasks that a [`try_gather`] waits for.
pub trait TryChildren: Children {
    /// Their values, in order.
    type Values;
    /// What each may give instead.
    type Error;

    /// The error that came of one of them, which is settled.
    fn take_error(&mut self, index: usize) -> Option<Self::Error>;

    /// Takes the values of all, once all are settled.
    ///
    /// # Errors
    ///
    /// One of them gave an error.
    fn values(&mut self) -> Result<Self::Values, Self::Error>;
}

/// Made by [`gather`].
#[must_use = "the tasks run anyhow, but nobody sees their outputs"]
pub struct Gathered<C: Children>(Family<C>);

impl<C: Children> Future for Gathered<C> {
    type Output = Result<C::Output, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match std::task::ready!(self.0.poll_next(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(self.0.children.outputs())),
            }
        }
    }
}

/// Made by [`try_gather`].
#[must_use = "the tasks run anyhow, but nobody sees their outputs"]
pub struct TryGathered<C: Children>(Family<C>);

impl<C: TryChildren> Future for TryGathered<C> {
    type Output = Result<Result<C::Values, C::Error>, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match std::task::ready!(self.0.poll_next(cx)) {
                Some(Ok(index)) => {
                    if let Some(error) = self.0.children.take_error(index) {
                        return Poll::Ready(Ok(Err(error)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(self.0.children.values())),
            }
        }
    }
}

impl<C: Children> fmt::Debug for Gathered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathered").field("children", &self.0.children.count()).finish_non_exhaustive()
    }
}

impl<C: Children> fmt::Debug for TryGathered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGathered").field("children", &self.0.children.count()).finish_non_exhaustive()
    }
}
