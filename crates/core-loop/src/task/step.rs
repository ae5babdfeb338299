//! What happens to a task: steps, a cancel, its end.

use super::cell::{self, Join, Origin, Polled, Unread};
use super::header::{
    CALLBACKS, CANCEL, CLEAN_UPS, CONTEXT, COOPERATIVE, DONE, FUTURE, GIVES_UP, HANDLE, Header, OUTCOME,
    QUIET, SCHEDULED,
};
use super::inspect::OBSERVED;
use super::reference::TaskRef;
use super::waiter::{SELF_AWAIT, Waiter};
use crate::context::{self, Context};
use crate::current::Loop;
use crate::debug;
use crate::error::{JoinError, Reason};
use crate::exception::{ExceptionContext, report, shielded};
use crate::shared::{Entry, Ready};
use contract::{Panic, budget};
use std::any::Any;
use std::panic::Location;
use std::task::{self, Poll};

/// Makes a task of the loop that runs here, and queues its first step.
#[track_caller]
#[inline]
pub(super) fn spawn<F: Future + 'static>(future: F) -> Join<F::Output> {
    let spawned_at = Location::caller();
    let (join, special) = Loop::with_current(|lp| {
        let ready = lp.ready();
        let (join, queued) = create(lp, ready, future, spawned_at);
        if lp.inner().special.get() {
            return (join, Some((queued, lp.clone())));
        }
        ready.push(Entry::Step(queued));
        (join, None)
    });
    if let Some((task, lp)) = special {
        task.begin_special(&lp);
    }
    join
}

/// Makes a task of the loop that runs here, and runs its first step at once.
#[track_caller]
pub(super) fn spawn_eager<F: Future + 'static>(future: F) -> Join<F::Output> {
    let spawned_at = Location::caller();
    let lp = Loop::current();
    let (join, task) = create(&lp, lp.ready(), future, spawned_at);
    if lp.inner().discarding.get() {
        task.discard(&lp);
        return join;
    }
    if lp.inner().special.get() {
        lp.observe_spawn(&task);
    }
    let outer = lp.inner().current.get();
    let mut first = Some(task);
    let step = || {
        if let Some(task) = first.take() {
            task.step(&lp);
        }
    };
    // The destructor of a future that is cancelled may begin it: what the step drops itself is not cancelled by that.
    let step = || lp.cancelling(None, || Context::empty().call(|| lp.survive(step)));
    if outer.is_some() {
        // Whoever does nothing but begin tasks so must let others run as well.
        budget::nested(step);
    } else {
        budget::enter_step();
        step();
    }
    lp.inner().current.set(outer);
    join
}

/// A task in the loop's list, and the reference that its first step needs.
#[inline]
fn create<F: Future + 'static>(
    lp: &Loop,
    ready: &Ready,
    future: F,
    spawned_at: &'static Location<'static>,
) -> (Join<F::Output>, TaskRef) {
    let inner = lp.inner();
    let id = inner.spawned.get() + 1;
    inner.spawned.set(id);
    let origin = Origin { id, parent: inner.current.id(), spawned_at };
    let (join, listed, first) = cell::create(future, &inner.shared, ready, origin);
    inner.tasks.push(listed);
    if !context::is_empty() {
        first.keep_context(Context::current());
    }
    (join, first)
}

impl<T> Join<T> {
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<T, JoinError>> {
        self.poll_done(cx).map(|()| self.take_outcome())
    }

    /// Waits for the outcome, and leaves it where it is.
    #[inline]
    pub(super) fn poll_done(&self, cx: &mut task::Context<'_>) -> Poll<()> {
        let task = self.task();
        if task.is(DONE) {
            return Poll::Ready(());
        }
        let waiter = Waiter::of(cx.waker());
        assert!(!waiter.is_of(task), "{SELF_AWAIT}");
        task.set_waiter(waiter);
        if task.is_observed() {
            debug::awaited(task);
        }
        Poll::Pending
    }
}

impl TaskRef {
    /// The beginning of a task on a loop that drops everything, or is observed.
    #[cold]
    fn begin_special(self, lp: &Loop) {
        if lp.inner().discarding.get() {
            // Spawned by a destructor: it will not run any more.
            return self.discard(lp);
        }
        lp.ready().push(Entry::Step(self.clone()));
        lp.observe_spawn(&self);
    }

    /// Runs one step. A panic of the future comes out of it; [`after_panic`](Self::after_panic) does the rest.
    pub(crate) fn step(self, lp: &Loop) {
        // Before the step looks at anything, so that a wake during it queues another.
        self.clear(SCHEDULED);
        if self.is(DONE | CONTEXT) {
            if self.is(DONE) {
                return;
            }
            self.enter_context();
        }
        lp.inner().current.during(self, |task| {
            task.with_waker(|waker| {
                let cx = &mut task::Context::from_waker(waker);
                if task.is(FUTURE) {
                    task.advance(lp, cx);
                }
                task.end_step(lp, cx);
            });
            task.leave_context();
        });
    }

    #[inline]
    fn advance(&self, lp: &Loop, cx: &mut task::Context<'_>) {
        if self.is(CANCEL) {
            return self.drop_cancelled(lp);
        }
        // A cancel that came during the last step wins, as in asyncio.
        if self.poll_future(cx) == Polled::Overruled || self.is(GIVES_UP) {
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

    /// The rest of a step that panicked.
    ///
    /// # Panics
    ///
    /// If the panic was not the future's, nor its destructor's: then it is the loop's own, and goes on.
    pub(crate) fn after_panic(self, lp: &Loop, panic: Panic) {
        if !self.unwound() {
            panic.resume();
        }
        // In the context of the step, which the panic has left as it was.
        lp.inner().current.during(self, |task| {
            if task.is(FUTURE) {
                task.settle(lp, JoinError::Panicked(panic));
            } else {
                task.report_destructor(lp, &panic);
            }
            task.with_waker(|waker| task.end_step(lp, &mut task::Context::from_waker(waker)));
            task.leave_context();
        });
    }

    /// Delivers the cancel.
    #[cold]
    fn drop_cancelled(&self, lp: &Loop) {
        self.clear(CANCEL | GIVES_UP);
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
        lp.report(&ExceptionContext::panicked("a destructor panicked", panic).in_task(self));
    }

    /// → DONE. The outcome is there; tells whoever waits.
    fn finish(&self, lp: &Loop) {
        self.set(DONE);
        self.afar.finish();
        lp.inner().tasks.remove(self);
        // One branch for what few tasks have.
        if self.is(OBSERVED | CALLBACKS) {
            self.tell_those_who_watch(lp);
        }
        match self.take_waiter() {
            Some(waiter) => waiter.wake(),
            None if !self.is(HANDLE) => self.throw_away(),
            None => {}
        }
    }

    #[cold]
    fn tell_those_who_watch(&self, lp: &Loop) {
        if self.is_observed() {
            lp.observe_finish(self);
        }
        if self.is(CALLBACKS) {
            let listeners = &self.extras().listeners;
            if listeners.will_hear() {
                // They hear of a panic, so it is nobody else's to report.
                self.set(QUIET);
            }
            self.call_all_back();
            listeners.wake_all();
        }
    }

    /// Nobody will ask for the outcome any more.
    fn throw_away(&self) {
        if self.is(CALLBACKS) && self.extras().listeners.will_hear() {
            self.set(QUIET);
        }
        let tells = self.is_observed() && !self.is(QUIET) && debug::is_on();
        let unread = if tells { Unread::Told(report_unread) } else { Unread::Dropped };
        match Panic::catch(|| self.discard_outcome(unread)) {
            Ok(Some(error)) => {
                if let JoinError::Panicked(panic) = &*error
                    && !self.is(QUIET)
                {
                    let context = ExceptionContext::panicked("a panic that nobody awaited", panic);
                    report(&context.in_task(self));
                }
                // The payload of a panic has a destructor, too.
                shielded("a panic's payload panicked when it was dropped", || drop(error));
            }
            Ok(None) => {}
            Err(panic) => report(&ExceptionContext::panicked("the output's destructor panicked", &panic)),
        }
    }

    /// Asks for a cancel; `false` if it comes too late: the outcome is decided.
    pub(crate) fn cancel(&self, reason: Reason) -> bool {
        if !self.is(FUTURE) {
            return false;
        }
        if self.is(COOPERATIVE) {
            self.extras().requests.ask(reason);
            return true;
        }
        self.extras().requests.note();
        if !self.is(CANCEL) {
            self.extras().cancel.set(Some(reason));
            self.set(CANCEL);
        }
        self.schedule();
        true
    }

    /// As [`cancel`](Self::cancel), by the program: it has no use for the outcome, if that is there already.
    pub(super) fn cancel_by_hand(&self, reason: Reason) -> bool {
        let in_time = self.cancel(reason);
        if self.is(DONE) {
            self.set(QUIET);
        }
        in_time
    }

    /// → DONE from anywhere: drops the future on the spot; its outcome is `Shutdown`. Does not panic.
    pub(crate) fn discard(&self, lp: &Loop) {
        if self.is(DONE) {
            return;
        }
        // Perhaps inside the step of another task.
        let discarding = || {
            lp.inner().current.during(self.clone(), |task| {
                if task.is(CONTEXT) {
                    task.enter_context();
                }
                if task.is(FUTURE) {
                    task.settle(lp, JoinError::Shutdown);
                }
                // Also those that the future's destructor has just handed over. None may stay in the cell, which other
                // threads may free.
                task.drop_clean_ups(lp);
                task.finish(lp);
                task.leave_context();
            })
        };
        Context::empty().call(discarding);
    }

    /// The handle is gone.
    pub(super) fn detach(&self) {
        self.clear(HANDLE);
        drop(self.take_waiter());
        if self.is(DONE) && self.is(OUTCOME) {
            self.throw_away();
        }
    }
}

/// In debug mode: nobody will ever read this output, which is an error.
#[cold]
fn report_unread(task: &Header, type_name: &'static str, output: &dyn Any) {
    let mut context = ExceptionContext::new(format!("an error that nobody read, a `{type_name}`,"));
    context.error = Some(output);
    report(&context.in_task(task));
    debug::unread_error(task, type_name);
}

/// The task's own context: it is the current one during its steps. Between them the empty one is, so a task that has none
/// pays one look in each step.
impl TaskRef {
    #[cold]
    fn enter_context(&self) {
        self.clear(CONTEXT);
        context::swap(self.extras().context.take());
    }

    /// The step is over: keeps what it has left, for the next one.
    #[inline]
    fn leave_context(&self) {
        if !context::is_empty() {
            self.keep_context(context::swap(Context::empty()));
        }
    }

    #[cold]
    fn keep_context(&self, context: Context) {
        if self.is(DONE) {
            // Here, and not with the task's memory, which any thread may free.
            return shielded("the destructor of a task-local's value panicked", || drop(context));
        }
        if !context.is_empty() {
            self.extras().context.set(context);
            self.set(CONTEXT);
        }
    }
}
