//! What happens to a task: steps, a cancel, its end.

use super::cell::{self, Join, Polled};
use super::header::{BUSY, CANCEL, CLEAN_UPS, DONE, FUTURE, HANDLE, OUTCOME, QUIET, SCHEDULED};
use super::reference::TaskRef;
use super::waiter::Waiter;
use crate::current::Loop;
use crate::error::{JoinError, Reason};
use crate::exception::{ExceptionContext, report};
use crate::shared::Entry;
use contract::{Panic, budget};
use std::task::{Context, Poll};

#[track_caller]
#[inline]
pub(super) fn spawn<F: Future + 'static>(lp: &Loop, future: F) -> Join<F::Output> {
    let inner = lp.inner();
    let mut tasks = inner.tasks.borrow_mut();
    let id = inner.spawned.get() + 1;
    inner.spawned.set(id);
    let (join, registered, queued) = cell::create(future, inner.shared.clone(), tasks.next_key(), id);
    tasks.insert(registered);
    drop(tasks);
    if inner.discarding.get() {
        // Spawned by a destructor while the loop drops everything: it will not run any more.
        queued.end(lp, JoinError::Shutdown);
    } else if let Some(ready) = inner.shared.ready() {
        ready.push(Entry::Step(queued));
    }
    join
}

impl<T> Join<T> {
    #[inline]
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
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
    /// Runs one step.
    pub(crate) fn step(self, lp: &Loop) {
        // Before the step looks at anything, so that a wake during it queues another.
        self.clear(SCHEDULED);
        if self.is(DONE) {
            return;
        }
        let _current = Current::set(lp, &self);
        if self.with_waker(|waker| self.advance(lp, &mut Context::from_waker(waker))) {
            self.finish(lp);
        }
    }

    /// Everything one step does. Gives `true` when the task has ended.
    #[inline]
    fn advance(&self, lp: &Loop, cx: &mut Context<'_>) -> bool {
        if self.is(FUTURE) {
            if self.is(CANCEL) {
                self.drop_cancelled(lp);
            } else {
                budget::enter_step();
                match self.poll_future(cx) {
                    Polled::Pending | Polled::Ended(None) => {}
                    Polled::Ended(Some(panic)) => self.report_destructor(lp, &panic),
                    // A cancel that came during the last step wins, as in asyncio.
                    Polled::Overruled => self.drop_cancelled(lp),
                    Polled::Panicked(panic) => self.settle(lp, JoinError::Panicked(panic)),
                }
            }
        }
        let ended = !self.is(FUTURE);
        if ended && !self.is(HANDLE) {
            // Before the clean-ups: its destructor may hand over more of them (of the loser of a `select`, for example).
            self.throw_away();
        }
        if self.is(CLEAN_UPS) && self.poll_clean_ups(cx).is_pending() {
            return false;
        }
        ended
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
        let ours = lp.inner().tasks.borrow_mut().remove(self.slot);
        drop(ours);
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
                crate::exception::shielded("a panic's payload panicked when it was dropped", || drop(error));
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
        let _current = Current::set(lp, self);
        self.drop_clean_ups(lp);
        self.end(lp, JoinError::Shutdown);
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

/// Which task is current, until it is dropped, also on unwind: a waker of somebody's may panic.
struct Current<'a> {
    lp: &'a Loop,
    before: Option<TaskRef>,
}

impl<'a> Current<'a> {
    #[inline]
    fn set(lp: &'a Loop, task: &TaskRef) -> Self {
        Self { lp, before: lp.inner().current.replace(Some(task.clone())) }
    }
}

impl Drop for Current<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lp.inner().current.set(self.before.take());
    }
}
