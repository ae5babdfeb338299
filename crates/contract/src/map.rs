//! Many pieces of work through one executor, a bounded number at a time: outcomes in the order of the input, or as they come.

use crate::ext::Submitting;
use crate::{Executor, ExecutorExt, Job, JobError, Reject, block_on};
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};

mod unordered;

pub use unordered::{BlockingUnordered, MapUnordered, NextUnordered};

/// What is still to be submitted.
struct Feed<'a, E: Executor<W> + ?Sized, W, I> {
    executor: &'a E,
    works: I,
    in_flight: usize,
    /// Work that was pulled and found no place yet.
    stalled: Option<Submitting<'a, E, W>>,
    exhausted: bool,
}

impl<'a, E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Feed<'a, E, W, I> {
    fn new(executor: &'a E, works: I, in_flight: NonZeroUsize) -> Self {
        Self { executor, works, in_flight: in_flight.get(), stalled: None, exhausted: false }
    }

    /// Submits the next work; `None` if there is none. Pending: it waits for room.
    fn submit_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Job<E::Output>, Reject>>> {
        let mut submitting = match self.stalled.take() {
            Some(stalled) => stalled,
            None if self.exhausted => return Poll::Ready(None),
            None => match self.works.next() {
                Some(work) => self.executor.submit(work),
                None => {
                    self.exhausted = true;
                    return Poll::Ready(None);
                }
            },
        };
        match Pin::new(&mut submitting).poll(cx) {
            Poll::Ready(Ok(job)) => Poll::Ready(Some(Ok(job.cancel_on_drop()))),
            Poll::Ready(Err(rejected)) => Poll::Ready(Some(Err(rejected.why))),
            Poll::Pending => {
                self.stalled = Some(submitting);
                Poll::Pending
            }
        }
    }
}

impl<E: Executor<W> + ?Sized, W, I> Feed<'_, E, W, I> {
    /// Nobody awaits it any more: work that waits for room gives its turn to others.
    fn leave_line(&mut self) {
        if let Some(stalled) = &mut self.stalled {
            stalled.leave_line();
        }
    }
}

/// Outcomes in the order of the input. Made by [`ExecutorExt::map`].
#[must_use = "nothing is submitted unless `next` is awaited"]
pub struct Map<'a, E: Executor<W> + ?Sized, W, I> {
    feed: Feed<'a, E, W, I>,
    jobs: VecDeque<Entry<E::Output>>,
}

enum Entry<T> {
    Job(Job<T>),
    Refused(Reject),
}

impl<'a, E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Map<'a, E, W, I> {
    pub(crate) fn new(executor: &'a E, works: I, in_flight: NonZeroUsize) -> Self {
        Self { feed: Feed::new(executor, works, in_flight), jobs: VecDeque::new() }
    }

    /// The next outcome; `None` after the last.
    ///
    /// It stands in line for a place in the queue only while it is awaited, so that a map which nobody looks at keeps no
    /// place from others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no work and no outcome, only its turn in that line.
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextResult<'_, 'a, E, W, I> {
        NextResult(self)
    }

    /// The same as an iterator that blocks this thread.
    pub fn blocking(self) -> Blocking<'a, E, W, I> {
        Blocking(self)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<E::Output, JobError>>> {
        while self.jobs.len() < self.feed.in_flight {
            match self.feed.submit_next(cx) {
                Poll::Ready(Some(Ok(job))) => self.jobs.push_back(Entry::Job(job)),
                Poll::Ready(Some(Err(why))) => self.jobs.push_back(Entry::Refused(why)),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        match self.jobs.front_mut() {
            None if self.feed.stalled.is_some() => Poll::Pending,
            None => Poll::Ready(None),
            Some(Entry::Job(job)) => match Pin::new(job).poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(outcome) => {
                    self.jobs.pop_front();
                    Poll::Ready(Some(outcome))
                }
            },
            Some(Entry::Refused(why)) => {
                let error = JobError::Rejected(why.clone());
                self.jobs.pop_front();
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

/// The next outcome of a [`Map`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct NextResult<'m, 'a, E: Executor<W> + ?Sized, W, I>(&'m mut Map<'a, E, W, I>);

impl<E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Future for NextResult<'_, '_, E, W, I> {
    type Output = Option<Result<E::Output, JobError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_next(cx)
    }
}

impl<E: Executor<W> + ?Sized, W, I> Drop for NextResult<'_, '_, E, W, I> {
    fn drop(&mut self) {
        self.0.feed.leave_line();
    }
}

/// A [`Map`] as a blocking iterator. Made by [`Map::blocking`].
#[must_use = "an iterator does nothing unless it is iterated"]
pub struct Blocking<'a, E: Executor<W> + ?Sized, W, I>(Map<'a, E, W, I>);

impl<E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Iterator for Blocking<'_, E, W, I> {
    type Item = Result<E::Output, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(self.0.next())
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for Map<'_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("in_flight", &self.jobs.len()).finish_non_exhaustive()
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for NextResult<'_, '_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for Blocking<'_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
