//! The state that a job and its promise share.
//!
//! ```text
//!              start                  finish
//!   QUEUED ─────────────► RUNNING ───────────────► ENDING ──────► ENDED
//!     │                      │ expire                ▲   outcome set
//!     │                      └──────► ABANDONED ─────┤
//!     │ cancel, expire, lose    outcome: Deadline    │ finish: the work ran on, its outcome is thrown away
//!     └──────────────────────────────────────────────┘
//! ```
//!
//! The outcome is set exactly once: at ABANDONED if the job passes there, else at ENDED. The place in the queue is given
//! up when QUEUED is left; in ENDING whatever else the job held (work that never ran, guards) is dropped, so that whoever
//! sees the outcome finds it free. All of it is one mutex: the work behind a job costs microseconds, an uncontended lock
//! tens of nanoseconds. No foreign code runs under it, and none of its panics stops what comes after: wakers (also their
//! clone and drop), callbacks, guards and destructors run shielded, after it is released.

use crate::panic::shielded;
use crate::sync::{Mutex, MutexGuard, lock};
use crate::{Cancel, Control, JobError, Place, Stop, Submit};
use std::any::Any;
use std::borrow::Cow;
use std::task::{Context, Poll, Waker};

/// The whole cell, without the types of the work and of the control.
pub(crate) trait Shared<T>: super::Erased {
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
    /// It was cancelled while it ran.
    signalled: bool,
    /// Nobody will look at the outcome: it is dropped as soon as it is there, by whoever brings it.
    detached: bool,
    /// Given up when QUEUED is left.
    place: Option<Place>,
    waker: Option<Waker>,
    /// What few jobs have: out of the way, so that a queue of many others is small.
    hung: Option<Box<Hung>>,
}

/// What others hung on a job.
#[derive(Default)]
struct Hung {
    callbacks: Vec<(u64, Callback)>,
    next_callback: u64,
    /// Dropped in ENDING; none is left in ENDED.
    guards: Vec<Guard>,
}

type Callback = Box<dyn FnOnce() + Send>;

/// No callback has this number: it ran at once.
const NO_CALLBACK: u64 = u64::MAX;

type Guard = Box<dyn Any + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Queued,
    Running,
    Abandoned,
    /// `started`: by way of RUNNING.
    Ending {
        started: bool,
    },
    Ended,
}

enum Outcome<T> {
    None,
    Some(Result<T, Failure>),
    Taken { failed: bool },
}

/// An error in two words: those that are common by themselves, the large ones elsewhere. Every job has room for one.
enum Failure {
    Cancelled { started: bool },
    Deadline { started: bool },
    Shutdown { started: bool },
    Other(Box<JobError>),
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Cancelled { started } => Self::Cancelled { started },
            JobError::Deadline { started } => Self::Deadline { started },
            JobError::Shutdown { started } => Self::Shutdown { started },
            other => Self::Other(Box::new(other)),
        }
    }
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled { started } => Self::Cancelled { started },
            Failure::Deadline { started } => Self::Deadline { started },
            Failure::Shutdown { started } => Self::Shutdown { started },
            Failure::Other(error) => *error,
        }
    }
}

impl<T> State<T> {
    /// The outcome, if there is one and nobody took it yet.
    fn take(&mut self) -> Option<Result<T, JobError>> {
        let Outcome::Some(outcome) = &self.outcome else { return None };
        let taken = Outcome::Taken { failed: outcome.is_err() };
        match std::mem::replace(&mut self.outcome, taken) {
            Outcome::Some(outcome) => Some(outcome.map_err(JobError::from)),
            Outcome::None | Outcome::Taken { .. } => None,
        }
    }

    fn hung(&mut self) -> &mut Hung {
        self.hung.get_or_insert_default()
    }

    fn take_callbacks(&mut self) -> Vec<(u64, Callback)> {
        self.hung.as_mut().map_or_else(Vec::new, |hung| std::mem::take(&mut hung.callbacks))
    }

    fn take_guards(&mut self) -> Vec<Guard> {
        self.hung.as_mut().map_or_else(Vec::new, |hung| std::mem::take(&mut hung.guards))
    }
}

impl<T> Core<T> {
    pub(crate) fn new(options: &Submit, place: Place) -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::Queued,
                outcome: Outcome::None,
                signalled: false,
                detached: false,
                place: Some(place),
                waker: None,
                hung: None,
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
        matches!(lock(&self.state).outcome, Outcome::Some(Err(_)) | Outcome::Taken { failed: true })
    }

    /// Until the guards are dropped: whoever sees it end finds what they hold free.
    pub(crate) fn running(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Running | Phase::Abandoned | Phase::Ending { started: true })
    }

    pub(crate) fn queued(&self) -> bool {
        lock(&self.state).phase == Phase::Queued
    }

    /// Asks the work to stop, if it runs and its outcome is still wanted.
    pub(crate) fn signal(&self) -> bool {
        let mut state = lock(&self.state);
        let runs = state.phase == Phase::Running;
        state.signalled |= runs;
        runs
    }

    /// Whether the work, which runs, was asked to stop, and by what.
    pub(crate) fn stop(&self) -> Option<Stop> {
        let state = lock(&self.state);
        match state.phase {
            Phase::Abandoned => Some(Stop::Deadline),
            _ if state.signalled => Some(Stop::Cancelled),
            _ => None,
        }
    }

    /// QUEUED → RUNNING. `false` if the job was withdrawn: the work must not run.
    pub(crate) fn start(&self) -> bool {
        self.leave_queue(Phase::Running)
    }

    /// QUEUED → `next`, and the place in the queue is given up.
    fn leave_queue(&self, next: Phase) -> bool {
        let mut state = lock(&self.state);
        if state.phase != Phase::Queued {
            return false;
        }
        state.phase = next;
        let place = state.place.take();
        drop(state);
        shielded(|| drop(place));
        true
    }

    /// RUNNING → ENDED with what the work gave; ABANDONED → ENDED, and it is thrown away.
    ///
    /// `false`, and nothing but a drop of `outcome`, if the job was withdrawn and so never ran; else `control` learns of it.
    pub(crate) fn finish(&self, outcome: Result<T, JobError>, control: &impl Control) -> bool {
        let mut state = lock(&self.state);
        let ran = matches!(state.phase, Phase::Running | Phase::Abandoned);
        if ran {
            state.phase = Phase::Ending { started: true };
            drop(Self::drop_guards(&self.state, state));
            shielded(|| control.ending(outcome.is_err()));
            self.end(outcome, || control.lingering());
        } else {
            drop(state);
            shielded(|| drop(outcome));
        }
        ran
    }

    /// QUEUED → ENDED with the error for a job that never ran; `release` lets go of the work in between. `false` if it
    /// had started or ended.
    pub(crate) fn withdraw(&self, error: JobError, release: impl FnOnce()) -> bool {
        let withdrawn = self.leave_queue(Phase::Ending { started: false });
        if withdrawn {
            shielded(release);
            self.end(Err(error), || ());
        }
        withdrawn
    }

    /// RUNNING → ABANDONED with the error of a job that overran. `false` if it was not running.
    pub(crate) fn abandon(&self, error: JobError) -> bool {
        let state = lock(&self.state);
        if state.phase != Phase::Running {
            return false;
        }
        Self::settle(state, Phase::Abandoned, Err(error), || ());
        true
    }

    /// ENDING → ENDED. Guards go first.
    fn end(&self, outcome: Result<T, JobError>, lingering: impl FnOnce()) {
        let state = Self::drop_guards(&self.state, lock(&self.state));
        Self::settle(state, Phase::Ended, outcome, lingering);
    }

    /// Drops the guards, also those that are attached while others are being dropped, until none is left.
    fn drop_guards<'a>(
        mutex: &'a Mutex<State<T>>,
        mut state: MutexGuard<'a, State<T>>,
    ) -> MutexGuard<'a, State<T>> {
        loop {
            let guards = state.take_guards();
            if guards.is_empty() {
                return state;
            }
            drop(state);
            guards.into_iter().for_each(|guard| shielded(|| drop(guard)));
            state = lock(mutex);
        }
    }

    /// Sets the outcome, unless there is one, and tells everybody; `lingering` comes before callbacks and destructors.
    fn settle(
        mut state: MutexGuard<'_, State<T>>,
        phase: Phase,
        outcome: Result<T, JobError>,
        lingering: impl FnOnce(),
    ) {
        state.phase = phase;
        let mut unwanted = None;
        match state.outcome {
            Outcome::None if state.detached => {
                state.outcome = Outcome::Taken { failed: outcome.is_err() };
                unwanted = Some(outcome);
            }
            Outcome::None => state.outcome = Outcome::Some(outcome.map_err(Failure::from)),
            Outcome::Some(_) | Outcome::Taken { .. } => unwanted = Some(outcome),
        }
        let waker = state.waker.take();
        let callbacks = state.take_callbacks();
        drop(state);
        if let Some(waker) = waker {
            shielded(|| waker.wake());
        }
        if !callbacks.is_empty() || unwanted.is_some() {
            shielded(lingering);
        }
        callbacks.into_iter().for_each(|(_, callback)| shielded(callback));
        shielded(|| drop(unwanted));
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, JobError>> {
        let mut fresh: Option<Waker> = None;
        loop {
            let mut state = lock(&self.state);
            if let Some(outcome) = state.take() {
                return Poll::Ready(outcome);
            }
            if let Outcome::Taken { .. } = state.outcome {
                drop(state);
                panic!("a job was polled again after it gave its output");
            }
            if state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            if let Some(waker) = fresh.take() {
                let stale = state.waker.replace(waker);
                drop(state);
                drop(stale);
                return Poll::Pending;
            }
            // A waker is foreign code: cloned without the lock, and then everything is looked at again.
            drop(state);
            fresh = Some(cx.waker().clone());
        }
    }

    /// Nobody waits any more, nor will: a waker kept here would keep its task alive, an output its memory.
    pub(crate) fn detach(&self) {
        let mut state = lock(&self.state);
        state.detached = true;
        let waker = state.waker.take();
        let outcome = state.take();
        drop(state);
        drop(waker);
        drop(outcome);
    }

    /// Registers `callback`, or calls it at once if there is an outcome.
    pub(crate) fn add_callback(&self, callback: Callback) -> u64 {
        let mut state = lock(&self.state);
        if !matches!(state.outcome, Outcome::None) {
            drop(state);
            shielded(callback);
            return NO_CALLBACK;
        }
        let hung = state.hung();
        let id = hung.next_callback;
        hung.next_callback += 1;
        hung.callbacks.push((id, callback));
        id
    }

    pub(crate) fn remove_callback(&self, id: u64) {
        let mut state = lock(&self.state);
        let callbacks = state.hung.as_mut().map(|hung| &mut hung.callbacks);
        let removed = callbacks.and_then(|callbacks| {
            let at = callbacks.iter().position(|callback| callback.0 == id)?;
            Some(callbacks.remove(at))
        });
        drop(state);
        drop(removed);
    }

    pub(crate) fn attach(&self, guard: Box<dyn Any + Send>) {
        let mut state = lock(&self.state);
        if state.phase == Phase::Ended {
            drop(state);
            drop(guard);
        } else {
            state.hung().guards.push(guard);
        }
    }
}
