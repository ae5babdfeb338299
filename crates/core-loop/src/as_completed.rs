//! Several in the order in which they end.

use crate::bells::{Bell, Bells};
use crate::callback::Handle;
use crate::current::Loop;
use crate::error::Elapsed;
use crate::waitable::Waitable;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Gives `handles` back one by one, each when it is done; what is done already comes first. Awaiting one that came gives
/// its outcome at once.
///
/// The result is a `Stream`, and has a [`next`](AsCompleted::next) of its own, so that no extension trait is needed.
///
/// # Ordering
///
/// The order in which they end, counted from this call, also of several in one turn. Those done before come in the order
/// of the arguments.
///
/// # Cancel safety
///
/// Dropping it, also by a cancel, cancels nothing: what has not come is detached and goes on.
/// [`into_pending`](AsCompleted::into_pending) gives it back.
///
/// # Examples
///
/// ```
/// use core_loop::{as_completed, sleep, spawn};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let tasks = [20, 1].map(|ms| spawn(async move {
///         sleep(Duration::from_millis(ms)).await;
///         ms
///     }));
///     let mut ended = Vec::new();
///     let mut tasks = as_completed(tasks);
///     while let Some(task) = tasks.next().await {
///         ended.push(task.await.unwrap());
///     }
///     assert_eq!(ended, [1, 20]);
/// })
/// # }
/// ```
///
/// # Python
///
/// `async for task in asyncio.as_completed(aws)`, which gives the original tasks back as well.
pub fn as_completed<W: Waitable>(handles: impl IntoIterator<Item = W>) -> AsCompleted<W> {
    let bells = Bells::default();
    let (mut places, mut each) = (Vec::new(), Vec::new());
    for (index, mut handle) in handles.into_iter().enumerate() {
        let bell = bells.bell(index);
        if handle.poll_done(&mut Context::from_waker(&bell.waker())).is_ready() {
            bell.ring();
        }
        places.push(Some(handle));
        each.push(bell);
    }
    AsCompleted { left: places.len(), handles: places, bells, each }
}

/// Made by [`as_completed`].
#[must_use = "nothing comes unless `next` is awaited"]
pub struct AsCompleted<W: Waitable> {
    /// Those that have not come.
    handles: Vec<Option<W>>,
    left: usize,
    bells: Bells,
    /// One for each handle. That of a timeout comes after them.
    each: Vec<Bell>,
}

// The handles are `Unpin`.
impl<W: Waitable> Unpin for AsCompleted<W> {}

impl<W: Waitable> AsCompleted<W> {
    /// The next that is done; `None` when all have come.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextCompleted<'_, Self> {
        NextCompleted(self)
    }

    /// Those that have not come, in the order of the arguments.
    #[must_use = "dropping them detaches them, as dropping the stream does"]
    pub fn into_pending(mut self) -> Vec<W> {
        let mut pending: Vec<_> = self.handles.drain(..).flatten().collect();
        pending.iter_mut().for_each(Waitable::forget_waiter);
        pending
    }

    /// Waits for at most `duration` for all of them together, from now on: what is done by then comes, then
    /// [`Elapsed`], then nothing.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    #[track_caller]
    pub fn timeout(self, duration: Duration) -> AsCompletedWithin<W> {
        let bell = self.bells.bell(self.handles.len());
        let alarm = Loop::current().call_later(duration, move || bell.ring());
        AsCompletedWithin { handles: self, alarm }
    }

    /// The next that rang: a handle that is done, or [`Elapsed`] for the timeout.
    fn poll_any(&mut self, cx: &Context<'_>) -> Poll<Option<Result<W, Elapsed>>> {
        while self.left > 0 {
            let index = std::task::ready!(self.bells.poll_next(cx));
            let Some(place) = self.handles.get_mut(index) else { return Poll::Ready(Some(Err(Elapsed))) };
            let Some(mut handle) = place.take() else { continue };
            let bell = &self.each[index];
            bell.heard();
            if handle.done() || handle.poll_done(&mut Context::from_waker(&bell.waker())).is_ready() {
                self.left -= 1;
                return Poll::Ready(Some(Ok(handle)));
            }
            // It rang for nothing.
            *place = Some(handle);
        }
        Poll::Ready(None)
    }
}

impl<W: Waitable> Stream for AsCompleted<W> {
    type Item = W;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W>> {
        self.poll_any(cx).map(|next| next.and_then(Result::ok))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<W: Waitable> Drop for AsCompleted<W> {
    fn drop(&mut self) {
        self.bells.forget_waiter();
        self.handles.iter_mut().flatten().for_each(Waitable::forget_waiter);
    }
}

/// Made by [`AsCompleted::timeout`]: a `Stream` of handles that are done, and of one [`Elapsed`] if the time is over.
#[must_use = "nothing comes unless `next` is awaited"]
pub struct AsCompletedWithin<W: Waitable> {
    handles: AsCompleted<W>,
    alarm: Handle,
}

impl<W: Waitable> AsCompletedWithin<W> {
    /// The next that is done, or [`Elapsed`]; `None` when all have come, and after `Elapsed`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextCompleted<'_, Self> {
        NextCompleted(self)
    }

    /// Those that have not come, in the order of the arguments.
    #[must_use = "dropping them detaches them, as dropping the stream does"]
    pub fn into_pending(mut self) -> Vec<W> {
        let all = as_completed(Vec::new());
        std::mem::replace(&mut self.handles, all).into_pending()
    }
}

impl<W: Waitable> Stream for AsCompletedWithin<W> {
    type Item = Result<W, Elapsed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.handles.poll_any(cx));
        match &next {
            Some(Ok(_)) => {}
            // Whatever ends now comes too late.
            Some(Err(Elapsed)) => self.handles.left = 0,
            None => self.alarm.cancel(),
        }
        Poll::Ready(next)
    }
}

impl<W: Waitable> Drop for AsCompletedWithin<W> {
    fn drop(&mut self) {
        self.alarm.cancel();
    }
}

/// Made by [`AsCompleted::next`] and [`AsCompletedWithin::next`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct NextCompleted<'a, S>(&'a mut S);

impl<S: Stream + Unpin> Future for NextCompleted<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}

impl<W: Waitable> fmt::Debug for AsCompleted<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<W: Waitable> fmt::Debug for AsCompletedWithin<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedWithin").field("left", &self.handles.left).finish_non_exhaustive()
    }
}
