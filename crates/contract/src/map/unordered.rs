//! Outcomes as they come.

use super::Feed;
use crate::many::Inbox;
use crate::{Executor, Job, JobError, Reject, block_on};
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Outcomes as they come, each with the position of its work. Made by
/// [`ExecutorExt::map_unordered`](crate::ExecutorExt::map_unordered).
#[must_use = "nothing is submitted unless `next` is awaited"]
pub struct MapUnordered<'a, E: Executor<W> + ?Sized, W, I> {
    feed: Feed<'a, E, W, I>,
    /// What is in flight, each in a slot with the position of its work.
    jobs: Vec<Option<(usize, Job<E::Output>)>>,
    slots_free: Vec<usize>,
    refused: VecDeque<(usize, Reject)>,
    /// Slots whose job is done.
    inbox: Arc<Inbox>,
    /// Pieces of work submitted so far.
    submitted: usize,
}

/// An outcome and the position of its work.
type Placed<T> = (usize, Result<T, JobError>);

impl<'a, E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> MapUnordered<'a, E, W, I> {
    pub(crate) fn new(executor: &'a E, works: I, in_flight: NonZeroUsize) -> Self {
        Self {
            feed: Feed::new(executor, works, in_flight),
            jobs: Vec::new(),
            slots_free: Vec::new(),
            refused: VecDeque::new(),
            inbox: Arc::default(),
            submitted: 0,
        }
    }

    /// The next outcome and the position of its work; `None` after the last.
    ///
    /// It stands in line for a place in the queue only while it is awaited, so that a map which nobody looks at keeps no
    /// place from others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no work and no outcome, only its turn in that line.
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextUnordered<'_, 'a, E, W, I> {
        NextUnordered(self)
    }

    /// The same as an iterator that blocks this thread.
    pub fn blocking(self) -> BlockingUnordered<'a, E, W, I> {
        BlockingUnordered(self)
    }

    fn fill(&mut self, cx: &mut Context<'_>) {
        while self.in_flight() + self.refused.len() < self.feed.in_flight {
            match self.feed.submit_next(cx) {
                Poll::Ready(Some(Ok(job))) => self.keep(job),
                Poll::Ready(Some(Err(why))) => self.refused.push_back((self.submitted, why)),
                Poll::Ready(None) | Poll::Pending => return,
            }
            self.submitted += 1;
        }
    }

    fn keep(&mut self, job: Job<E::Output>) {
        let slot = self.slots_free.pop().unwrap_or_else(|| {
            self.jobs.push(None);
            self.jobs.len() - 1
        });
        let inbox = self.inbox.clone();
        job.on_done(move || inbox.put(slot));
        self.jobs[slot] = Some((self.submitted, job));
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Placed<E::Output>>> {
        self.fill(cx);
        if let Some((position, why)) = self.refused.pop_front() {
            return Poll::Ready(Some((position, Err(JobError::Rejected(why)))));
        }
        if self.in_flight() == 0 && self.feed.stalled.is_none() {
            return Poll::Ready(None);
        }
        let Poll::Ready(slot) = self.inbox.poll(cx) else { return Poll::Pending };
        let (position, mut job) = self.jobs[slot].take().expect("each job completes once");
        self.slots_free.push(slot);
        let Poll::Ready(outcome) = Pin::new(&mut job).poll(cx) else {
            unreachable!("a job that is done is ready")
        };
        Poll::Ready(Some((position, outcome)))
    }
}

impl<E: Executor<W> + ?Sized, W, I> MapUnordered<'_, E, W, I> {
    fn in_flight(&self) -> usize {
        self.jobs.len() - self.slots_free.len()
    }
}

impl<E: Executor<W> + ?Sized, W, I> Drop for MapUnordered<'_, E, W, I> {
    fn drop(&mut self) {
        self.inbox.forget_waker();
    }
}

/// The next outcome of a [`MapUnordered`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct NextUnordered<'m, 'a, E: Executor<W> + ?Sized, W, I>(&'m mut MapUnordered<'a, E, W, I>);

impl<E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Future for NextUnordered<'_, '_, E, W, I> {
    type Output = Option<(usize, Result<E::Output, JobError>)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_next(cx)
    }
}

impl<E: Executor<W> + ?Sized, W, I> Drop for NextUnordered<'_, '_, E, W, I> {
    fn drop(&mut self) {
        self.0.feed.leave_line();
    }
}

/// A [`MapUnordered`] as a blocking iterator. Made by [`MapUnordered::blocking`].
#[must_use = "an iterator does nothing unless it is iterated"]
pub struct BlockingUnordered<'a, E: Executor<W> + ?Sized, W, I>(MapUnordered<'a, E, W, I>);

impl<E: Executor<W> + ?Sized, W, I: Iterator<Item = W>> Iterator for BlockingUnordered<'_, E, W, I> {
    type Item = (usize, Result<E::Output, JobError>);

    fn next(&mut self) -> Option<Self::Item> {
        block_on(self.0.next())
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for MapUnordered<'_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapUnordered").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for NextUnordered<'_, '_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Executor<W> + ?Sized, W, I> fmt::Debug for BlockingUnordered<'_, E, W, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
