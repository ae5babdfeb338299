//! The state that a job and its promise share.
//!
//! ```text
//!              start                     finish
//!   QUEUED ─────────────► RUNNING ─────────────────────► ENDED   (outcome: what the work gave)
//!     │                      │ expire         finish       ▲
//!     │                      └──────► ABANDONED ───────────┤     (outcome: Deadline, set at expire; the work runs on)
//!     │ cancel, expire, lose                               │
//!     └────────────────────────────────────────────────────┘     (outcome: Cancelled, Deadline, Shutdown)
//! ```
//!
//! The outcome is set exactly once, by whichever arrow comes first; the place in the queue is given up when QUEUED is
//! left; guards are dropped when ENDED is reached. All of it is one mutex: the work behind a job costs microseconds, an
//! uncontended lock tens of nanoseconds. No foreign code runs under it: wakers, callbacks, guards and destructors run
//! after it is released.

use crate::sync::{Mutex, MutexGuard, lock};
use crate::{Cancel, JobError, Panic, Place, Submit};
use std::any::Any;
use std::borrow::Cow;
use std::task::{Context, Poll, Waker};

/// The whole cell, without the types of the work and of the control.
pub(crate) trait Shared<T>: Send + Sync {
    fn core(&self) -> &Core<T>;
    fn cancel(&self) -> Cancel;
}

pub(crate) struct Core<T> {
    state: Mutex<State<T>>,
    label: Option<Cow<'static, str>>,
}

struct State<T> {
    phase: Phase,
    outcome: Outcome<T>,
    /// Given up when QUEUED is left.
    place: Option<Place>,
    waker: Option<Waker>,
    callbacks: Vec<(u64, Callback)>,
    next_callback: u64,
    /// Dropped when ENDED is reached.
    guards: Vec<Box<dyn Any + Send>>,
}

type Callback = Box<dyn FnOnce() + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Queued,
    Running,
    Abandoned,
    Ended,
}

enum Outcome<T> {
    None,
    Some(Result<T, JobError>),
    Taken,
}

impl<T> Core<T> {
    pub(crate) fn new(options: &Submit, place: Place) -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::Queued,
                outcome: Outcome::None,
                place: Some(place),
                waker: None,
                callbacks: Vec::new(),
                next_callback: 0,
                guards: Vec::new(),
            }),
            label: options.label_ref().cloned(),
        }
    }

    pub(crate) fn label(&self) -> Option<&Cow<'static, str>> {
        self.label.as_ref()
    }

    pub(crate) fn done(&self) -> bool {
        !matches!(lock(&self.state).outcome, Outcome::None)
    }

    pub(crate) fn failed(&self) -> bool {
        matches!(lock(&self.state).outcome, Outcome::Some(Err(_)))
    }

    pub(crate) fn running(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Running | Phase::Abandoned)
    }

    pub(crate) fn queued(&self) -> bool {
        lock(&self.state).phase == Phase::Queued
    }

    /// QUEUED → RUNNING. `false` if the job was withdrawn: the work must not run.
    pub(crate) fn start(&self) -> bool {
        let mut state = lock(&self.state);
        if state.phase != Phase::Queued {
            return false;
        }
        state.phase = Phase::Running;
        let place = state.place.take();
        drop(state);
        drop(place);
        true
    }

    /// RUNNING → ENDED with what the work gave, or ABANDONED → ENDED, and the outcome is thrown away.
    pub(crate) fn finish(&self, outcome: Result<T, JobError>) {
        // The guards go first: whoever sees the outcome must find what they hold free again. Until there are none: one may
        // be attached while others are dropped.
        let state = loop {
            let mut state = lock(&self.state);
            let guards = std::mem::take(&mut state.guards);
            if guards.is_empty() {
                break state;
            }
            drop(state);
            drop_all(guards);
        };
        debug_assert!(
            matches!(state.phase, Phase::Running | Phase::Abandoned),
            "finished a job that did not run"
        );
        if let Some(unwanted) = self.settle(state, Phase::Ended, outcome) {
            drop(unwanted);
        }
    }

    /// QUEUED → ENDED with the error for a job that never ran. `false` if it had started or ended.
    pub(crate) fn withdraw(&self, error: JobError) -> bool {
        let state = lock(&self.state);
        if state.phase != Phase::Queued {
            return false;
        }
        self.settle(state, Phase::Ended, Err(error));
        true
    }

    /// RUNNING → ABANDONED with the error of a job that overran. `false` if it was not running.
    pub(crate) fn abandon(&self, error: JobError) -> bool {
        let state = lock(&self.state);
        if state.phase != Phase::Running {
            return false;
        }
        self.settle(state, Phase::Abandoned, Err(error));
        true
    }

    /// Sets the outcome if there is none, and tells everybody. Gives back an outcome that came too late.
    fn settle(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        phase: Phase,
        outcome: Result<T, JobError>,
    ) -> Option<Result<T, JobError>> {
        state.phase = phase;
        let unwanted = match state.outcome {
            Outcome::None => {
                state.outcome = Outcome::Some(outcome);
                None
            }
            Outcome::Some(_) | Outcome::Taken => Some(outcome),
        };
        let place = state.place.take();
        let waker = state.waker.take();
        let callbacks = std::mem::take(&mut state.callbacks);
        let guards = if phase == Phase::Ended { std::mem::take(&mut state.guards) } else { Vec::new() };
        drop(state);
        drop_all(guards);
        drop(place);
        if let Some(waker) = waker {
            waker.wake();
        }
        callbacks.into_iter().for_each(|(_, callback)| call(callback));
        unwanted
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, JobError>> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut state.outcome, Outcome::Taken) {
            Outcome::Some(outcome) => Poll::Ready(outcome),
            Outcome::None => {
                state.outcome = Outcome::None;
                let before = match &mut state.waker {
                    Some(waker) if waker.will_wake(cx.waker()) => None,
                    waker => waker.replace(cx.waker().clone()),
                };
                drop(state);
                drop(before);
                Poll::Pending
            }
            Outcome::Taken => {
                drop(state);
                panic!("a job was polled again after it gave its output")
            }
        }
    }

    /// Nobody waits any more: a waker kept here would keep its task alive.
    pub(crate) fn forget_waker(&self) {
        let waker = lock(&self.state).waker.take();
        drop(waker);
    }

    /// Registers `callback`, or calls it at once if there is an outcome.
    pub(crate) fn add_callback(&self, callback: Callback) -> u64 {
        let mut state = lock(&self.state);
        let id = state.next_callback;
        if matches!(state.outcome, Outcome::None) {
            state.next_callback += 1;
            state.callbacks.push((id, callback));
        } else {
            drop(state);
            call(callback);
        }
        id
    }

    pub(crate) fn remove_callback(&self, id: u64) {
        let mut state = lock(&self.state);
        let removed =
            state.callbacks.iter().position(|callback| callback.0 == id).map(|at| state.callbacks.remove(at));
        drop(state);
        drop(removed);
    }

    pub(crate) fn attach(&self, guard: Box<dyn Any + Send>) {
        let mut state = lock(&self.state);
        if state.phase == Phase::Ended {
            drop(state);
            drop(guard);
        } else {
            state.guards.push(guard);
        }
    }
}

/// Calls a callback; its panic was reported by the panic hook, and must not stop the others.
fn call(callback: Callback) {
    let _reported = Panic::catch(callback);
}

fn drop_all(guards: Vec<Box<dyn Any + Send>>) {
    for guard in guards {
        let _reported = Panic::catch(|| drop(guard));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::{Job, Place, Submit};
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_guard_attached_while_others_are_dropped_is_dropped_before_the_outcome_is_seen() {
        struct OnDrop<F: FnMut()>(F);
        impl<F: FnMut()> Drop for OnDrop<F> {
            fn drop(&mut self) {
                (self.0)();
            }
        }
        let (runnable, job) = Job::package(|| (), &Submit::new(), Place::none(), ());
        let (job, seen) = (Arc::new(job), Arc::new(Mutex::new(Vec::new())));
        let late = {
            let (job, seen) = (job.clone(), seen.clone());
            move || {
                let (inside, seen) = (job.clone(), seen.clone());
                job.attach(OnDrop(move || seen.lock().unwrap().push(inside.done())));
            }
        };
        job.attach(OnDrop(late));
        runnable.run();
        assert_eq!(*seen.lock().unwrap(), [false]);
        assert!(job.done());
    }
}
