//! A job whose work is a task of this loop.

mod signal;

pub(crate) use signal::Signal;

use crate::clean_up::Pending;
use crate::close::CLOSING;
use crate::current::Loop;
use crate::error::Reason;
use crate::exception;
use crate::jobs::Ticket;
use crate::sleep::{Sleep, sleep};
use crate::task::{cancelling, spawn};
use contract::{JobError, Panic, Promise};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// A promise on its way to becoming a task.
pub(crate) struct Driven<T: Send + 'static> {
    promise: Promise<T, Signal>,
    deadline: Option<Instant>,
    ticket: Ticket,
}

impl<T: Send + 'static> Driven<T> {
    pub(crate) fn new(promise: Promise<T, Signal>, deadline: Option<Instant>, ticket: Ticket) -> Self {
        Self { promise, deadline, ticket }
    }

    /// Drops `work`, which will never start, and tells. `false` if it was cancelled before.
    pub(crate) fn withdraw<W>(self, work: W) -> bool {
        shielded(|| drop(work));
        self.promise.withdraw(JobError::Shutdown { started: false })
    }

    /// Spawns the task, unless the job was withdrawn meanwhile.
    pub(crate) fn start(self, lp: &Loop, future: impl Future<Output = T> + 'static) {
        let Self { promise, deadline, ticket } = self;
        // Whoever submitted counted in real time; from here on it is the loop's clock, which may have jumped.
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            promise.withdraw(JobError::Deadline { started: false });
        }
        if !promise.start() {
            return;
        }
        let label = promise.label().map(ToString::to_string);
        let key = ticket.key();
        let work = Work {
            stage: Stage::Running(Box::pin(future)),
            promise: Some(promise),
            deadline: left.map(sleep),
            ticket,
        };
        let mut task = spawn(work);
        if let Some(label) = label {
            task = task.named(label);
        }
        Ticket::started(&lp.inner().shared.jobs, key, task.name());
        task.detach();
    }
}

/// The task: the future, until it ends, panics, is cancelled, or is too late; then the clean-ups that it left behind.
///
/// Dropped before that, its promise says `Shutdown` if the close does it, and `Cancelled` if somebody has cancelled the task,
/// who found it in the loop: the work itself, for example.
struct Work<F, T: Send + 'static> {
    stage: Stage<F, T>,
    promise: Option<Promise<T, Signal>>,
    deadline: Option<Sleep>,
    /// Last: whoever waits for the job to go finds everything else gone.
    #[expect(dead_code, reason = "held for its drop, which says that the job is gone")]
    ticket: Ticket,
}

enum Stage<F, T> {
    Running(Pin<Box<F>>),
    Ending(Result<T, JobError>, Pending),
    Over,
}

impl<F, T: Send + 'static> Unpin for Work<F, T> {}

impl<F: Future<Output = T>, T: Send + 'static> Work<F, T> {
    /// What came of the future, if anything did.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JobError>> {
        let (Stage::Running(future), Some(promise)) = (&mut self.stage, &self.promise) else {
            return Poll::Pending;
        };
        if promise.control().poll(cx) {
            return Poll::Ready(Err(JobError::Cancelled { started: true }));
        }
        if self.deadline.as_mut().is_some_and(|deadline| Pin::new(deadline).poll(cx).is_ready()) {
            return Poll::Ready(Err(JobError::Deadline { started: true }));
        }
        match Panic::catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(JobError::Panicked(panic))),
        }
    }

    /// The future goes before the outcome is told, on the loop's thread, and its clean-ups end.
    fn end(&mut self, outcome: Result<T, JobError>) {
        let lp = Loop::current();
        let running = std::mem::replace(&mut self.stage, Stage::Over);
        let cancelled = outcome.is_err();
        let pending = Pending::of(&lp, || {
            shielded(|| {
                if cancelled {
                    lp.drop_cancelled(&Reason::from("its job ended first"), || drop(running));
                } else {
                    drop(running);
                }
            });
        });
        self.stage = Stage::Ending(outcome, pending);
    }
}

impl<F: Future<Output = T>, T: Send + 'static> Future for Work<F, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if matches!(this.stage, Stage::Running(_)) {
            match this.poll_running(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => this.end(outcome),
            }
        }
        if let Stage::Ending(_, pending) = &mut this.stage
            && pending.poll(cx).is_pending()
        {
            return Poll::Pending;
        }
        if let Stage::Ending(outcome, _) = std::mem::replace(&mut this.stage, Stage::Over)
            && let Some(promise) = this.promise.take()
        {
            promise.finish(outcome);
        }
        Poll::Ready(())
    }
}

impl<F, T: Send + 'static> Drop for Work<F, T> {
    fn drop(&mut self) {
        let by_somebody = |reason: &Reason| reason.as_str() != CLOSING;
        if let Some(promise) = self.promise.take_if(|_| cancelling().as_ref().is_some_and(by_somebody)) {
            // The future goes before the outcome is told.
            let running = std::mem::replace(&mut self.stage, Stage::Over);
            shielded(|| drop(running));
            promise.finish(Err(JobError::Cancelled { started: true }));
        }
    }
}

/// A destructor of the work's that panics changes nothing about the job.
fn shielded(drop: impl FnOnce()) {
    exception::shielded("a destructor of a job's work panicked", drop);
}
