//! The task itself: future, outcome and bookkeeping in one allocation.
#![expect(unsafe_code, reason = "the future is pinned inside its shared cell")]
//!
//! ```text
//!              wake: queues a step
//!      ┌────────────────────────────────┐
//!      │                                ▼
//!   WAITING ◄───────────────────── SCHEDULED ──────────► DONE   (the step ended it, or the close discarded it)
//!            the step found nothing          the step
//! ```
//!
//! SCHEDULED and DONE are bits of one atomic, because wakes come from any thread: whoever sets SCHEDULED queues the step.
//! The bit is cleared *before* the step looks at anything, so a wake during the step queues the next one. Everything else
//! (the stage of the future, the cancel request, the waiter) is reached on the loop's thread only.
//!
//! ```text
//!   RUNNING(future) ──► SETTLED(outcome) ──► EMPTY      SETTLED counts as done once the clean-ups have ended
//! ```

use crate::current::Loop;
use crate::error::{JoinError, Reason};
use crate::exception::{ExceptionContext, report};
use crate::shared::{Shared, TaskKey};
use crate::thread_bound::ThreadBound;
use contract::{Panic, budget};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

/// A step is queued.
const SCHEDULED: u8 = 1;
/// The task has ended: it is out of the loop's registry, and its stage is SETTLED or EMPTY for good.
const DONE: u8 = 2;

/// A task without its types.
pub(crate) trait Steps: Send + Sync {
    /// Runs one step. On the loop's thread.
    fn step(self: Arc<Self>, lp: &Loop);
    /// Asks for a cancel; `false` if the task has ended. On the loop's thread.
    fn cancel(&self, reason: Reason) -> bool;
    /// Drops the future on the spot; the outcome is `Shutdown`. For the close, on the loop's thread.
    fn discard(&self, lp: &Loop);
    fn header(&self) -> &Header;
}

/// A task with the type of its output.
pub(crate) trait Join<T>: Steps {
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>>;
    /// The handle is gone.
    fn detach(&self, quiet: bool);
}

/// What any thread may look at.
pub(crate) struct Header {
    state: AtomicU8,
    shared: Arc<Shared>,
    key: TaskKey,
    name: OnceLock<Box<str>>,
    spawned_at: &'static Location<'static>,
}

impl Header {
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        // Acquire: pairs with the Release in `end`, for those who look at the outcome next.
        self.state.load(Ordering::Acquire) & DONE != 0
    }

    pub(crate) fn key(&self) -> TaskKey {
        self.key
    }

    /// Queues a step, unless one is queued already or the task has ended.
    #[inline]
    fn wake(&self) {
        // AcqRel: pairs with the AcqRel in `step`, so that the step sees what was written before the wake. Whoever sets
        // the bit queues the step, once.
        if self.state.fetch_or(SCHEDULED, Ordering::AcqRel) & (SCHEDULED | DONE) == 0 {
            self.shared.schedule(self.key);
        }
    }

    pub(crate) fn name(&self) -> String {
        self.name.get().map_or_else(|| format!("Task-{}", self.key.id), |name| name.to_string())
    }

    pub(crate) fn set_name(&self, name: String) {
        // The first name counts.
        let _ = self.name.set(name.into_boxed_str());
    }

    pub(crate) fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }
}

struct TaskCell<F: Future> {
    header: Header,
    local: ThreadBound<Local<F>>,
}

/// What only the loop's thread reaches. Owns nothing once the task is DONE and its handle is gone.
struct Local<F: Future> {
    stage: RefCell<Stage<F>>,
    /// Boxed, because hardly any task has one and every step takes a look.
    cancel: Cell<Option<Box<Reason>>>,
    waiter: Cell<Option<Waker>>,
    /// There is a handle that may still ask for the outcome.
    has_handle: Cell<bool>,
    /// Nobody will miss the outcome: a panic that nobody saw is not reported.
    quiet: Cell<bool>,
}

enum Stage<F: Future> {
    Running(F),
    Settled(Result<F::Output, JoinError>),
    Empty,
}

#[track_caller]
pub(super) fn spawn<F: Future + 'static>(lp: &Loop, future: F) -> Arc<dyn Join<F::Output>> {
    let inner = lp.inner();
    let mut tasks = inner.tasks.borrow_mut();
    let key = TaskKey { slot: tasks.next_key(), id: inner.spawned.get() + 1 };
    inner.spawned.set(key.id);
    let cell = Arc::new(TaskCell {
        header: Header {
            state: AtomicU8::new(SCHEDULED),
            shared: inner.shared.clone(),
            key,
            name: OnceLock::new(),
            spawned_at: Location::caller(),
        },
        local: ThreadBound::new(Local {
            stage: RefCell::new(Stage::Running(future)),
            cancel: Cell::new(None),
            waiter: Cell::new(None),
            has_handle: Cell::new(true),
            quiet: Cell::new(false),
        }),
    });
    tasks.insert(cell.clone());
    drop(tasks);
    if inner.discarding.get() {
        // Spawned by a destructor while the loop drops everything: it will not run any more.
        cell.end(lp, JoinError::Shutdown);
    } else {
        inner.shared.schedule(key);
    }
    cell
}

impl<F: Future + 'static> TaskCell<F> {
    #[inline]
    fn local(&self) -> &Local<F> {
        self.local.get().expect("a task is used on its loop's thread only")
    }

    /// Everything one step does. Gives `true` when the task has ended.
    fn advance(&self, lp: &Loop, waker: &Waker) -> bool {
        let local = self.local();
        let cx = &mut Context::from_waker(waker);
        let mut stage = local.stage.borrow_mut();
        if let Stage::Running(future) = &mut *stage {
            let settled = if let Some(reason) = local.cancel.take() {
                Some(Err(JoinError::Cancelled(*reason)))
            } else {
                budget::enter_step();
                // SAFETY: the future lives in its cell from spawn until it is dropped in place: the cell is never moved
                // out of its `Arc`, and the stage is only ever overwritten, which drops the future where it is.
                let future = unsafe { Pin::new_unchecked(future) };
                match Panic::catch(|| future.poll(cx)) {
                    Ok(Poll::Pending) => None,
                    Err(panic) => Some(Err(JoinError::Panicked(panic))),
                    // A cancel that came during the last step wins, as in asyncio.
                    Ok(Poll::Ready(output)) => Some(match local.cancel.take() {
                        Some(reason) => Err(JoinError::Cancelled(*reason)),
                        None => Ok(output),
                    }),
                }
            };
            if let Some(outcome) = settled {
                self.settle(lp, &mut stage, outcome);
            }
        }
        let ended = !matches!(*stage, Stage::Running(_));
        drop(stage);
        if ended && !local.has_handle.get() {
            // Before the clean-ups: its destructor may hand over more of them (of the loser of a `select`, for example).
            self.throw_away();
        }
        lp.inner().clean_ups.poll(self.header.key.slot, cx).is_ready() && ended
    }

    /// Drops the future, and with it, if it was cancelled, whatever it was awaiting.
    fn settle(&self, lp: &Loop, stage: &mut Stage<F>, outcome: Result<F::Output, JoinError>) {
        let reason = match &outcome {
            Err(JoinError::Cancelled(reason)) => Some(reason.clone()),
            _ => None,
        };
        let dropped = Panic::catch(|| match &reason {
            Some(reason) => lp.drop_cancelled(reason, || *stage = Stage::Settled(outcome)),
            None => *stage = Stage::Settled(outcome),
        });
        if let Err(panic) = dropped {
            lp.report(
                &ExceptionContext::panicked("a destructor panicked", &panic).in_task(self.header.name()),
            );
        }
    }

    /// → DONE. The outcome is there; tells whoever waits.
    fn finish(&self, lp: &Loop) {
        let local = self.local();
        // Release: pairs with the Acquire in `is_done`.
        self.header.state.fetch_or(DONE, Ordering::Release);
        let ours = lp.inner().tasks.borrow_mut().remove(self.header.key.slot);
        drop(ours);
        local.cancel.take();
        match local.waiter.take() {
            Some(waiter) => waiter.wake(),
            None if !local.has_handle.get() => self.throw_away(),
            None => {}
        }
    }

    /// → DONE from anywhere, with `error`; the future is dropped on the spot.
    fn end(&self, lp: &Loop, error: JoinError) {
        let local = self.local();
        if let Ok(mut stage) = local.stage.try_borrow_mut()
            && matches!(*stage, Stage::Running(_))
        {
            self.settle(lp, &mut stage, Err(error));
        }
        self.finish(lp);
    }

    /// Nobody will ask for the outcome any more.
    fn throw_away(&self) {
        let Ok(mut stage) = self.local().stage.try_borrow_mut() else { return };
        let outcome = std::mem::replace(&mut *stage, Stage::Empty);
        drop(stage);
        let Stage::Settled(outcome) = outcome else { return };
        let dropped = Panic::catch(|| match outcome {
            Err(JoinError::Panicked(panic)) if !self.local().quiet.get() => {
                let context = ExceptionContext::panicked("a panic that nobody awaited", &panic);
                report(&context.in_task(self.header.name()));
            }
            outcome => drop(outcome),
        });
        if let Err(panic) = dropped {
            report(&ExceptionContext::panicked("the output's destructor panicked", &panic));
        }
    }
}

/// Which task is current, until it is dropped, also on unwind: a waker of somebody's may panic.
struct Current<'a> {
    lp: &'a Loop,
    before: Option<u32>,
}

impl<'a> Current<'a> {
    fn set(lp: &'a Loop, slot: u32) -> Self {
        Self { lp, before: lp.inner().current.replace(Some(slot)) }
    }
}

impl Drop for Current<'_> {
    fn drop(&mut self) {
        self.lp.inner().current.set(self.before);
    }
}

impl<F: Future + 'static> Steps for TaskCell<F> {
    fn step(self: Arc<Self>, lp: &Loop) {
        let this: *const Self = Arc::as_ptr(&self);
        let waker = Waker::from(self);
        // SAFETY: the waker is the `Arc` that came in, and is dropped last of all.
        let this = unsafe { &*this };
        // AcqRel: pairs with the AcqRel in `wake`, so that the step sees what was written before the wake; and the bit is
        // cleared before the step looks at anything, so that a wake during it queues another.
        if this.header.state.fetch_and(!SCHEDULED, Ordering::AcqRel) & DONE != 0 {
            return;
        }
        let _current = Current::set(lp, this.header.key.slot);
        if this.advance(lp, &waker) {
            this.finish(lp);
        }
    }

    fn cancel(&self, reason: Reason) -> bool {
        let local = self.local();
        let ended = match local.stage.try_borrow() {
            Ok(stage) => !matches!(*stage, Stage::Running(_)),
            // Its step is running right now: it cancels itself.
            Err(_) => false,
        };
        if ended || self.header.is_done() {
            return false;
        }
        let first = local.cancel.take().unwrap_or_else(|| Box::new(reason));
        local.cancel.set(Some(first));
        self.header.wake();
        true
    }

    fn discard(&self, lp: &Loop) {
        let _current = Current::set(lp, self.header.key.slot);
        let clean_ups = lp.inner().clean_ups.remove(self.header.key.slot);
        if !clean_ups.is_empty() {
            let message = format!("{} clean-ups did not end before the close", clean_ups.len());
            lp.report(&ExceptionContext::new(message).in_task(self.header.name()));
        }
        for clean_up in clean_ups {
            if let Err(panic) = Panic::catch(|| drop(clean_up)) {
                let context = ExceptionContext::panicked("a clean-up's destructor panicked", &panic);
                lp.report(&context.in_task(self.header.name()));
            }
        }
        self.end(lp, JoinError::Shutdown);
    }

    fn header(&self) -> &Header {
        &self.header
    }
}

impl<F: Future + 'static> Join<F::Output> for TaskCell<F> {
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        let local = self.local();
        if !self.header.is_done() {
            // Borrowed only while its own step runs.
            assert!(local.stage.try_borrow().is_ok(), "a task cannot await itself: it would wait for ever");
            local.waiter.set(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        match std::mem::replace(&mut *local.stage.borrow_mut(), Stage::Empty) {
            Stage::Settled(outcome) => Poll::Ready(outcome),
            Stage::Running(_) => unreachable!("a task that is done has an outcome"),
            Stage::Empty => panic!("a task was polled again after it gave its output"),
        }
    }

    fn detach(&self, quiet: bool) {
        let local = self.local();
        local.has_handle.set(false);
        local.quiet.set(quiet);
        local.waiter.take();
        if self.header.is_done() {
            self.throw_away();
        }
    }
}

impl<F: Future + 'static> Wake for TaskCell<F> {
    fn wake(self: Arc<Self>) {
        self.header.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.header.wake();
    }
}
