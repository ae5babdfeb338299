//! The turn: what the loop does each time its host polls it.
//!
//! One turn is asyncio's. What other threads sent and the timers that are due join the ready queue, in this order; then
//! exactly the entries that are there run, first in, first out; what they schedule runs in the next turn.
//!
//! ```text
//!            nothing ready, no timer due
//!   TURN ──────────────────────────────────► back to the host, asleep: a wake, the timer or I/O polls the root again
//!    │ ▲ │
//!    │ └─┘ something is ready
//!    │   1 ms since the last visit
//!    └─────────────────────────────────────► back to the host, awake: it looks at its I/O and comes back; the turn goes
//!                                            on where it was, and what the visit woke runs in the next one
//! ```

use crate::callback::Timer;
use crate::context;
use crate::current::Loop;
use crate::idle::Rest;
use crate::moment::Moment;
use crate::shared::{Entry, Ready, Remote};
use crate::task::TaskRef;
use contract::{Panic, budget};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long the host goes without a visit at most, while something is always ready.
const VISIT_EVERY: Duration = Duration::from_millis(1);
/// How many steps run between two looks at the clock while no timer is armed.
const STEPS_PER_LOOK: u32 = 64;

impl Loop {
    /// Runs turns until `done`, which is asked between turns.
    ///
    /// # Panics
    ///
    /// If the reactor does, or the host's waker: without them no loop can go on. Whatever the tasks and callbacks do stays
    /// inside.
    pub(crate) fn poll_turns(&self, cx: &mut Context<'_>, done: &mut dyn FnMut() -> bool) -> Poll<()> {
        let _entered = self.enter();
        // The task-locals of this thread's other code are not the tasks'.
        context::Context::empty().call(|| self.poll_visit(cx, done))
    }

    fn poll_visit(&self, cx: &mut Context<'_>, done: &mut dyn FnMut() -> bool) -> Poll<()> {
        let ready = self.ready();
        if ready.wake_up(cx.waker()) {
            self.inner().shared.inbox.set_host(cx.waker());
        }
        if self.inner().is_watched() {
            self.observe_unpark();
        }
        let mut visit = Visit { began: self.time(), steps: 0 };
        self.survive(|| self.turns(cx, ready, &mut visit, done))
    }

    /// Runs `work` with one catch for all the steps in it: a task's panic is told to the task, and `work` goes on.
    ///
    /// # Panics
    ///
    /// If anything but a step does. Everything else of the user's is caught where it runs.
    #[inline]
    pub(crate) fn survive<T>(&self, mut work: impl FnMut() -> T) -> T {
        let mut panicked: Option<(TaskRef, Panic)> = None;
        loop {
            let caught = Panic::catch(|| {
                if let Some((task, panic)) = panicked.take() {
                    task.after_panic(self, panic);
                }
                work()
            });
            match caught {
                Ok(output) => return output,
                Err(panic) => match self.inner().current.take() {
                    Some(task) => panicked = Some((task, panic)),
                    None => panic.resume(),
                },
            }
        }
    }

    fn turns(
        &self,
        cx: &mut Context<'_>,
        ready: &Ready,
        visit: &mut Visit,
        done: &mut dyn FnMut() -> bool,
    ) -> Poll<()> {
        let left = &self.inner().turn_left;
        loop {
            if left.get() == 0 {
                if done() {
                    return Poll::Ready(());
                }
                let now = self.begin_turn(ready);
                if left.get() == 0 {
                    let timer = || self.inner().timers.borrow_mut().next().map(Instant::from);
                    let until = match self.inner().idle.rest(|| self.time(), timer) {
                        Rest::Sleep(until) => until,
                        Rest::Look => {
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        Rest::Woken => continue,
                    };
                    let next = timer().into_iter().chain(until).min();
                    if self.inner().reactor.poll_timer(cx, next).is_pending() && ready.fall_asleep() {
                        if self.inner().is_watched() {
                            self.observe_park(next);
                        }
                        return Poll::Pending;
                    }
                    continue;
                }
                self.inner().idle.disturb();
                if now.is_some_and(|now| visit.is_due(now)) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            while left.get() > 0 {
                // Before the step, which may panic: then nothing that stands behind it is come to.
                if visit.step_and_look() && self.look(ready, visit) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                left.set(left.get() - 1);
                let entry = ready.pop().expect("a turn only counts what is queued");
                if self.inner().is_watched() {
                    self.run_observed(entry);
                } else {
                    self.run_entry(entry);
                }
            }
        }
    }

    /// `true` if the host is to be visited.
    #[cold]
    fn look(&self, ready: &Ready, visit: &Visit) -> bool {
        ready.tidy();
        visit.is_due(self.time())
    }

    /// Gathers what is ready. Gives the time if it was looked at.
    fn begin_turn(&self, ready: &Ready) -> Option<Instant> {
        let inner = self.inner();
        inner.shared.inbox.take_into(&inner.spare, |remote| match remote {
            Remote::Wake(task) => task.arrive(),
            Remote::Call(call) => ready.push_remote(&inner.shared, call),
        });
        let now = if inner.timers.borrow().is_empty() { None } else { Some(self.time()) };
        if let Some(now) = now {
            if inner.is_watched() {
                self.note_lateness(now);
            }
            let due = Moment::from(now);
            while let Some(timer) = self.pop_due(due) {
                timer.fire(ready);
            }
        }
        inner.turn_left.set(ready.len());
        now
    }

    fn pop_due(&self, now: Moment) -> Option<Timer> {
        self.inner().timers.borrow_mut().pop_due(now)
    }

    #[inline(always)]
    pub(crate) fn run_entry(&self, entry: Entry) {
        match entry {
            Entry::Step(task) => {
                budget::enter_step();
                task.step(self);
            }
            Entry::Call(call) => call.call(self),
        }
    }
}

/// The time since the host was last seen.
struct Visit {
    began: Instant,
    steps: u32,
}

impl Visit {
    /// Counts a step; `true` if it is time to look at the clock.
    fn step_and_look(&mut self) -> bool {
        self.steps += 1;
        self.steps.is_multiple_of(STEPS_PER_LOOK)
    }

    fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= VISIT_EVERY
    }
}
