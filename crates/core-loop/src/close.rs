//! The close: everything ends, in asyncio's order, within a grace.
//!
//! ```text
//!   CANCELLING ──► (executor) ──► DROPPING ──► closed
//!     jobs are refused; those that      what is left is dropped on the spot:
//!     have not started never will;      handles say Shutdown, wakes do nothing,
//!     all tasks are asked to end;       the inbox refuses
//!     the loop runs on for their
//!     clean-ups, round by round
//! ```

use crate::callback::Timer;
use crate::current::Loop;
use crate::debug::WhichTask;
use crate::default_executor::ShutdownDefaultExecutor;
use crate::error::CloseReport;
use crate::exception::{self, ExceptionContext};
use crate::offload::DefaultExecutor;
use crate::shared::{Entry, Ready};
use crate::task::TaskRef;
use contract::Drain;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// So many times the close cancels what has been spawned since, by clean-ups or by callbacks of other threads, and waits for
/// it. What comes after that is dropped: under a steady stream the close would last as long as its grace.
const ROUNDS: u32 = 1000;

/// Why the close cancels tasks.
pub(crate) const CLOSING: &str = "the loop is closing";

pub(crate) struct Closing {
    lp: Loop,
    deadline: Option<Instant>,
    /// The loop is brought back at the deadline.
    alarmed: bool,
    /// The tasks with an id up to this were cancelled in this round.
    round: u64,
    /// How many rounds there may still be.
    rounds_left: u32,
    report: CloseReport,
    /// The shutdown of the default executor on a thread of its own: for a guest, whose host must not be blocked.
    executor: Option<ShutdownDefaultExecutor>,
}

impl Closing {
    fn new(lp: &Loop, deadline: Option<Instant>) -> Self {
        {
            let _entered = lp.enter();
            // First: under a stream of jobs the loop would come to no end.
            lp.inner().shared.jobs.end();
        }
        Self {
            lp: lp.clone(),
            deadline,
            alarmed: false,
            round: 0,
            rounds_left: ROUNDS,
            report: CloseReport::default(),
            executor: None,
        }
    }

    /// Refuses jobs, and cancels all tasks.
    pub(crate) fn begin(lp: &Loop, grace: Duration) -> Self {
        let mut closing = Self::new(lp, lp.time().checked_add(grace));
        closing.report.cancelled = closing.cancel_all();
        closing
    }

    /// Whether there is nothing to wait for: then the loop need not run.
    pub(crate) fn is_over(&self) -> bool {
        self.lp.inner().tasks.len() == 0 && self.lp.inner().turn_left.get() == 0
    }

    fn cancel_all(&mut self) -> usize {
        if self.lp.inner().tasks.len() == 0 {
            return 0;
        }
        if let Some(deadline) = self.deadline
            && !std::mem::replace(&mut self.alarmed, true)
        {
            // Only to bring the loop back at that time. A callback, not a mere timer: after it a turn has run, and the
            // loop asks again whether it is done before it sleeps.
            let _at_the_deadline = self.lp.call_at(deadline, || ());
        }
        let _entered = self.lp.enter();
        self.round = self.lp.inner().spawned.get();
        let tasks = self.tasks();
        tasks.into_iter().map(|task| usize::from(task.cancel(CLOSING.into()))).sum()
    }

    fn tasks(&self) -> Vec<TaskRef> {
        self.lp.inner().tasks.to_vec()
    }

    /// Ready when all tasks have ended, or the grace is over, or there were too many rounds.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let (lp, round, deadline) = (&self.lp, self.round, self.deadline);
            let late = || deadline.is_some_and(|deadline| lp.time() >= deadline);
            let mut done = || late() || lp.inner().tasks.first().is_none_or(|first| first.id() > round);
            if lp.poll_turns(cx, &mut done).is_pending() {
                return Poll::Pending;
            }
            if late() || lp.inner().tasks.len() == 0 || self.rounds_left == 0 {
                return Poll::Ready(());
            }
            // Clean-ups, or callbacks, have spawned tasks that nobody awaited: they are next.
            self.rounds_left -= 1;
            self.cancel_all();
        }
    }

    fn left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(self.lp.time()))
    }

    /// Shuts the default executor down; blocks this thread for what is left of the grace.
    pub(crate) fn shut_executor_down(&mut self) {
        if let Some(executor) = self.take_executor() {
            self.report.executor = Some(executor.shutdown(Drain::Queued, self.left()));
        }
    }

    /// Shuts the default executor down on a thread of its own.
    pub(crate) fn poll_executor(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.executor.is_none() {
            let Some(executor) = self.take_executor() else { return Poll::Ready(()) };
            let outside = self.lp.inner().reactor.outside(Location::caller());
            let shutdown = ShutdownDefaultExecutor::begin(executor, Drain::Queued, self.left(), outside);
            self.executor = Some(shutdown);
        }
        let Some(executor) = &mut self.executor else { return Poll::Ready(()) };
        let Poll::Ready(report) = Pin::new(executor).poll(cx) else { return Poll::Pending };
        self.executor = None;
        self.report.executor = Some(report);
        Poll::Ready(())
    }

    /// Nobody would shut down another one: destructors that still come do not start it.
    fn take_executor(&self) -> Option<Arc<dyn DefaultExecutor>> {
        self.lp.inner().executor_closed.set(true);
        self.lp.inner().executor.take()
    }

    /// Drops what is left and closes the doors.
    pub(crate) fn finish(mut self) -> CloseReport {
        self.drop_all();
        std::mem::take(&mut self.report)
    }

    /// Drops everything on the spot, without clean-ups: for a guest whose host dropped it, and inside another loop.
    pub(crate) fn abandon(lp: &Loop) -> CloseReport {
        let mut closing = Self::new(lp, None);
        let tasks = lp.inner().tasks.len();
        if tasks > 0 {
            let message = format!("a loop was dropped with {tasks} tasks, without their clean-ups");
            lp.report(&ExceptionContext::new(message));
        }
        closing.drop_all();
        if let Some(executor) = closing.take_executor() {
            // Nobody waits for it; what it has accepted is cancelled.
            drop(ShutdownDefaultExecutor::begin(executor, Drain::Started, Duration::ZERO, None));
        }
        closing.report
    }

    fn drop_all(&mut self) {
        let _entered = self.lp.enter();
        let inner = self.lp.inner();
        inner.discarding.set(true);
        inner.special.set(true);
        for task in self.tasks() {
            self.lp.note_destroyed(&task);
            shielded(|| task.discard(&self.lp));
            self.report.dropped.push(WhichTask::of(&task));
        }
        for watcher in inner.watchers.take() {
            shielded(|| drop(watcher));
        }
        let queued = inner.shared.ready().map(Ready::close).unwrap_or_default();
        let sent = inner.shared.inbox.close();
        let timers = inner.timers.borrow_mut().take_all();
        for entry in queued {
            shielded(|| match entry {
                // Not only let go of: it may hold its own handle.
                Entry::Call(call) => call.cancel(),
                other => drop(other),
            });
        }
        sent.into_iter().for_each(|remote| shielded(|| drop(remote)));
        for timer in timers.into_armed() {
            shielded(|| match timer {
                Timer::Call(call) => call.cancel(),
                // Who still waits is of another loop of this thread, or somebody else's: it hears that nothing will come.
                Timer::Step(task) => task.schedule(),
                Timer::Wake(waker) => exception::wake(*waker),
            });
        }
        for callback in inner.done_callbacks.take() {
            shielded(|| callback.cancel());
        }
        inner.turn_left.set(0);
        self.lp.end_watch();
        shielded(|| inner.handler.clear());
    }
}

/// One destructor that panics does not keep the others from running.
fn shielded(drop: impl FnOnce()) {
    exception::shielded("a destructor panicked during the close", drop);
}
