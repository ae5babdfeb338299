//! What happens to a task: steps, a cancel, its end.

use super::cell::{self, Join, Polled};
use super::header::{BUSY, CANCEL, CLEAN_UPS, CONTEXT, DONE, FUTURE, HANDLE, OUTCOME, QUIET, SCHEDULED};
use super::reference::TaskRef;
use super::waiter::Waiter;
use crate::context::{self, Context};
use crate::current::Loop;
use crate::error::{JoinError, Reason};
use crate::exception::{ExceptionContext, report, shielded};
use crate::shared::Entry;
use contract::{Panic, budget};
use std::panic::Location;
use std::task::{self, Poll};

/// Makes a task of the loop that runs here, and queues its first step.
#[track_caller]
#[inline]
pub(super) fn spawn<F: Future + 'static>(future: F) -> Join<F::Output> {
    let spawned_at = Location::caller();
    let (join, doomed) = Loop::with_current(|lp| {
        let inner = lp.inner();
        let id = inner.spawned.get() + 1;
        inner.spawned.set(id);
        let (join, listed, queued) = cell::create(future, inner.shared.share(), id, spawned_at);
        inner.tasks.push(listed);
        if inner.discarding.get() {
            return (join, Some((queued, lp.clone())));
        }
        queued.keep_context(Context::current());
        if let Some(ready) = inner.shared.ready() {
            ready.push(Entry::Step(queued));
        }
        (join, None)
    });
    if let Some((task, lp)) = doomed {
        // Spawned by a destructor while the loop drops everything: it will not run any more.
        task.end(&lp, JoinError::Shutdown);
    }
    join
}

impl<T> Join<T> {
    #[inline]
    pub(super) fn poll(&self, cx: &mut task::Context<'_>) -> Poll<Result<T, JoinError>> {
        let task = self.task();
        if task.is(DONE) {
            return Poll::Ready(self.take_outcome());
        }
        assert!(!task.is(BUSY), "a task cannot await itself: it would wait for ever");
        task.set_waiter(Waiter::of(cx.waker()));
        Poll::Pending
    }
}

impl TaskRef {
    /// Runs one step. A panic comes out of it; [`after_panic`](Self::after_panic) does the rest.
    pub(crate) fn step(self, lp: &Loop) {
        // Before the step looks at anything, so that a wake during it queues another.
        self.clear(SCHEDULED);
        if self.is(DONE) {
            return;
        }
        lp.inner().current.during(self, |task| {
            let _within = Within::enter(task);
            task.with_waker(|waker| {
                let cx = &mut task::Context::from_waker(waker);
                if task.is(FUTURE) {
                    task.advance(lp, cx);
                }
                task.end_step(lp, cx);
            });
        });
    }

    #[inline]
    fn advance(&self, lp: &Loop, cx: &mut task::Context<'_>) {
        if self.is(CANCEL) {
            return self.drop_cancelled(lp);
        }
        budget::enter_step();
        // A cancel that came during the last step wins, as in asyncio.
        if self.poll_future(cx) == Polled::Overruled {
            self.drop_cancelled(lp);
        }
    }

    /// What every step ends with, whatever became of the future.
    #[inline]
    fn end_step(&self, lp: &Loop, cx: &mut task::Context<'_>) {
        let ended = !self.is(FUTURE);
        if ended && !self.is(HANDLE) {
            // Before the clean-ups: its destructor may hand over more of them (of the loser of a `select`, for example).
            self.throw_away();
        }
        if self.is(CLEAN_UPS) && self.poll_clean_ups(cx).is_pending() {
            return;
        }
        if ended {
            self.finish(lp);
        }
    }

    /// The rest of a step that panicked. Gives the panic back if it was not the future's, nor its destructor's.
    pub(crate) fn after_panic(self, lp: &Loop, panic: Panic) -> Result<(), Panic> {
        if !self.unwound() {
            return Err(panic);
        }
        lp.inner().current.during(self, |task| {
            let _within = Within::enter(task);
            if task.is(FUTURE) {
                task.settle(lp, JoinError::Panicked(panic));
            } else {
                task.report_destructor(lp, &panic);
            }
            task.with_waker(|waker| task.end_step(lp, &mut task::Context::from_waker(waker)));
        });
        Ok(())
    }

    /// Delivers the cancel.
    #[cold]
    fn drop_cancelled(&self, lp: &Loop) {
        self.clear(CANCEL);
        let reason = self.extras().cancel.take().unwrap_or_default();
        self.settle(lp, JoinError::Cancelled(reason));
    }

    /// Drops the future, and with it, if it was cancelled, whatever it was awaiting.
    fn settle(&self, lp: &Loop, error: JoinError) {
        let dropped = match &error {
            JoinError::Cancelled(reason) => lp.drop_cancelled(reason, || self.drop_future()),
            _ => self.drop_future(),
        };
        self.fail(error);
        if let Err(panic) = dropped {
            self.report_destructor(lp, &panic);
        }
    }

    #[cold]
    fn report_destructor(&self, lp: &Loop, panic: &Panic) {
        lp.report(&ExceptionContext::panicked("a destructor panicked", panic).in_task(self.name()));
    }

    /// → DONE. The outcome is there; tells whoever waits.
    fn finish(&self, lp: &Loop) {
        self.set(DONE);
        self.afar.finish();
        lp.inner().tasks.remove(self);
        match self.take_waiter() {
            Some(waiter) => waiter.wake(),
            None if !self.is(HANDLE) => self.throw_away(),
            None => {}
        }
    }

    /// → DONE from anywhere, with `error`; the future is dropped on the spot.
    fn end(&self, lp: &Loop, error: JoinError) {
        if self.is(FUTURE) {
            self.settle(lp, error);
        }
        self.finish(lp);
    }

    /// Nobody will ask for the outcome any more.
    fn throw_away(&self) {
        match Panic::catch(|| self.discard_outcome()) {
            Ok(Some(error)) => {
                if let JoinError::Panicked(panic) = &*error
                    && !self.is(QUIET)
                {
                    let context = ExceptionContext::panicked("a panic that nobody awaited", panic);
                    report(&context.in_task(self.name()));
                }
                // The payload of a panic has a destructor, too.
                shielded("a panic's payload panicked when it was dropped", || drop(error));
            }
            Ok(None) => {}
            Err(panic) => report(&ExceptionContext::panicked("the output's destructor panicked", &panic)),
        }
    }

    /// Asks for a cancel; `false` if the task has ended.
    pub(crate) fn cancel(&self, reason: Reason) -> bool {
        if self.is(DONE) || !self.is(FUTURE) {
            return false;
        }
        if !self.is(CANCEL) {
            self.extras().cancel.set(Some(reason));
            self.set(CANCEL);
        }
        self.schedule();
        true
    }

    /// Drops the future on the spot; the outcome is `Shutdown`. For the close.
    pub(crate) fn discard(&self, lp: &Loop) {
        if self.is(DONE) {
            return;
        }
        let discarded = Panic::catch(|| {
            lp.inner().current.during(self.clone(), |task| {
                let _within = Within::enter(task);
                task.drop_clean_ups(lp);
                task.end(lp, JoinError::Shutdown);
                // Those that the future has just left behind.
                task.drop_clean_ups(lp);
            });
        });
        if let Err(panic) = discarded {
            drop(lp.inner().current.take());
            lp.report(&ExceptionContext::panicked("a waker panicked", &panic));
        }
    }

    /// The handle is gone.
    pub(super) fn detach(&self, quiet: bool) {
        self.clear(HANDLE);
        if quiet {
            self.set(QUIET);
        }
        drop(self.take_waiter());
        if self.is(DONE) && self.is(OUTCOME) {
            self.throw_away();
        }
    }
}

/// A step in the task's own context, which it keeps as the step leaves it, also if the step panics.
struct Within<'a> {
    task: &'a TaskRef,
    before: Context,
}

impl<'a> Within<'a> {
    #[inline]
    fn enter(task: &'a TaskRef) -> Self {
        Self { task, before: context::swap(task.take_context()) }
    }
}

impl Drop for Within<'_> {
    #[inline]
    fn drop(&mut self) {
        self.task.keep_context(context::swap(std::mem::take(&mut self.before)));
    }
}

impl TaskRef {
    #[inline]
    fn take_context(&self) -> Context {
        if !self.is(CONTEXT) {
            return Context::empty();
        }
        self.clear(CONTEXT);
        self.extras().context.take()
    }

    /// For the next step, if there is one.
    #[inline]
    fn keep_context(&self, context: Context) {
        if !context.is_empty() {
            self.keep_values(context);
        }
    }

    #[cold]
    fn keep_values(&self, context: Context) {
        if self.is(DONE) {
            // Here, and not with the task's memory, which any thread may free.
            return shielded("the destructor of a task-local's value panicked", || drop(context));
        }
        self.extras().context.set(context);
        self.set(CONTEXT);
    }
}
