//! The comfortable methods of every executor, written once.

use crate::{Executor, Job, JobError, Map, MapUnordered, Reject, Rejected, Room, Submit, budget};
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The comfortable methods of every [`Executor`].
///
/// The futures have names, and are `Send` whenever the executor can be shared and the work and the output can be sent.
pub trait ExecutorExt<W>: Executor<W> {
    /// Accepts `work` with the default options and returns at once.
    ///
    /// # Errors
    ///
    /// [`Rejected`], which holds the work and the reason.
    fn try_submit(&self, work: W) -> Result<Job<Self::Output>, Rejected<W>> {
        self.try_submit_with(work, Submit::new())
    }

    /// Waits for a place in the queue, then submits. Any other refusal gives the work back.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready drops the work, which has not started.
    ///
    /// # Python
    ///
    /// `Executor.submit`, whose queue has no bound and which therefore never waits.
    fn submit(&self, work: W) -> Submitting<'_, Self, W> {
        self.submit_with(work, Submit::new())
    }

    /// [`submit`](Self::submit) with options. The deadline counts from the moment the work is accepted.
    fn submit_with(&self, work: W, options: Submit) -> Submitting<'_, Self, W> {
        Submitting { executor: self, work: Some(work), options, room: None }
    }

    /// Submits and awaits the output. A refusal is [`JobError::Rejected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the job: what has not started never runs.
    ///
    /// # Python
    ///
    /// `await loop.run_in_executor(executor, work)`.
    fn run(&self, work: W) -> Run<'_, Self, W> {
        self.run_with(work, Submit::new())
    }

    /// [`run`](Self::run) with options.
    fn run_with(&self, work: W, options: Submit) -> Run<'_, Self, W> {
        Run(Stage::Submitting(self.submit_with(work, options)))
    }

    /// Runs all of `works`, at most `in_flight` at a time, and gives the outcomes in the order of `works`.
    ///
    /// Lazy: it pulls ahead of the outcome that was taken last by at most `in_flight`, so endless input is fine. A refusal
    /// is the outcome of the work it met.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels what is in flight.
    ///
    /// # Python
    ///
    /// `Executor.map(…, buffersize=in_flight)`; there an item's error ends the iteration, here the next items follow.
    fn map<I>(&self, works: I, in_flight: NonZeroUsize) -> Map<'_, Self, W, I::IntoIter>
    where
        I: IntoIterator<Item = W>,
    {
        Map::new(self, works.into_iter(), in_flight)
    }

    /// Runs all of `works`, at most `in_flight` at a time, and gives the outcomes as they come, each with the position of
    /// its work.
    ///
    /// Lazy: beyond the outcomes that were taken it pulls at most `in_flight`, so endless input is fine. A refusal is the
    /// outcome of the work it met.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels what is in flight.
    ///
    /// # Python
    ///
    /// `as_completed` of jobs that were submitted by hand, some at a time.
    fn map_unordered<I>(&self, works: I, in_flight: NonZeroUsize) -> MapUnordered<'_, Self, W, I::IntoIter>
    where
        I: IntoIterator<Item = W>,
    {
        MapUnordered::new(self, works.into_iter(), in_flight)
    }
}

impl<W, E: Executor<W> + ?Sized> ExecutorExt<W> for E {}

/// Waits for a place, then submits. Made by [`ExecutorExt::submit`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Submitting<'a, E: Executor<W> + ?Sized, W> {
    executor: &'a E,
    work: Option<W>,
    options: Submit,
    room: Option<Room>,
}

// The work is moved, never pinned.
impl<E: Executor<W> + ?Sized, W> Unpin for Submitting<'_, E, W> {}

impl<E: Executor<W> + ?Sized, W> Future for Submitting<'_, E, W> {
    type Output = Result<Job<E::Output>, Rejected<W>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let mut options = this.options.again();
            if let Some(room) = &mut this.room {
                let Poll::Ready(place) = Pin::new(room).poll(cx) else { return Poll::Pending };
                options = options.place(place);
            } else if let Some(place) = this.options.take_place() {
                options = options.place(place);
            }
            let work = this.work.take().expect("a submission was polled again after it was ready");
            match this.executor.try_submit_with(work, options) {
                Err(full) if matches!(full.why, Reject::Full) => {
                    this.work = Some(full.into_work());
                    this.room = Some(this.executor.room());
                    // An executor whose room is only a hint may refuse again and again: let others run in between.
                    if budget::spend(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                settled => return Poll::Ready(settled),
            }
        }
    }
}

impl<E: Executor<W> + ?Sized, W> Submitting<'_, E, W> {
    /// Gives up its turn, and the place if it was handed one. The next poll gets in line anew.
    pub(crate) fn leave_line(&mut self) {
        self.room = None;
    }
}

/// Submits and awaits. Made by [`ExecutorExt::run`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Run<'a, E: Executor<W> + ?Sized, W>(Stage<'a, E, W>);

enum Stage<'a, E: Executor<W> + ?Sized, W> {
    Submitting(Submitting<'a, E, W>),
    Running(Job<E::Output>),
}

impl<E: Executor<W> + ?Sized, W> Unpin for Run<'_, E, W> {}

impl<E: Executor<W> + ?Sized, W> Future for Run<'_, E, W> {
    type Output = Result<E::Output, JobError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.0 {
                Stage::Running(job) => return Pin::new(job).poll(cx),
                Stage::Submitting(submitting) => match Pin::new(submitting).poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(rejected)) => return Poll::Ready(Err(JobError::Rejected(rejected.why))),
                    Poll::Ready(Ok(job)) => self.0 = Stage::Running(job.cancel_on_drop()),
                },
            }
        }
    }
}

impl<E: Executor<W> + ?Sized, W> fmt::Debug for Submitting<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitting").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<E: Executor<W> + ?Sized, W> fmt::Debug for Run<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Stage::Submitting(submitting) => f.debug_tuple("Run").field(submitting).finish(),
            Stage::Running(job) => f.debug_tuple("Run").field(job).finish(),
        }
    }
}
