//! Where submitters and the supervisor meet: the queue, the wishes, and the bell that ends the supervisor's sleep.
//!
//! ```text
//!   submitter:   lock · put · was it silent? mark it rung · unlock · ring        (rings at most once per visit)
//!   supervisor:  sleep until it rings or a time comes · hush the bell · lock · unmark · take · unlock · work
//! ```
//!
//! The bell is hushed *before* the mark is taken away: what is put between the two is seen by the visit that follows,
//! and what is put after it finds no mark and rings again. The other way round, a ring could be hushed unseen.
//!
//! A job for which a worker is on offer goes past all that: the submitter hands it over at the [desk](crate::desk).

use crate::desk::{Desk, Handed};
use crate::sync::{AtomicBool, Condvar, Mutex, Ordering, lock};
use contract::{Drain, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Wakes the supervisor. Ringing twice before it looks is the same as once.
pub(crate) trait Bell {
    fn ring(&self);
}

pub(crate) struct Inbox<T, W, B> {
    state: Mutex<State<T, W>>,
    /// Notified once, when the supervisor has ended.
    ended: Condvar,
    bell: B,
    /// Not open any more: set under the lock, and looked at before it is taken.
    refuses: AtomicBool,
}

struct State<T, W> {
    /// What waits for a worker, in the order of arrival.
    queue: BTreeMap<u64, Queued<T>>,
    desk: Desk<T, W>,
    /// The deadlines of what is in `queue`, and of nothing else.
    deadlines: BTreeSet<(Instant, u64)>,
    next_id: u64,
    /// Running jobs that are to be cancelled.
    cancels: Vec<u64>,
    phase: Phase,
    /// The grace of a shutdown is over: everything ends now.
    abandoned: bool,
    /// The bell has rung since the supervisor looked last.
    rung: bool,
    report: Report,
}

/// ```text
///   Open ──close──► Closing ──end──► Ended
///     └──────────end (broken)─────────┘
/// ```
enum Phase {
    Open,
    Closing(Drain),
    /// No supervisor any more; if it gave up, why.
    Ended(Option<Broken>),
}

pub(crate) type Broken = Arc<dyn Error + Send + Sync>;

/// Something that waits for a worker, or was handed to one.
pub(crate) struct Queued<T> {
    pub(crate) item: T,
    pub(crate) deadline: Option<Instant>,
}

/// Why nothing more is taken.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    Closed,
    Broken(Broken),
}

/// Which way a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A worker has it already.
    Handed,
    Queued,
}

/// What the supervisor finds when it looks.
pub(crate) struct Orders<T> {
    pub(crate) handed: Vec<Handed<T>>,
    /// These workers are not on offer any more, and have no job.
    pub(crate) cleared: Vec<u64>,
    pub(crate) cancels: Vec<u64>,
    /// Waited until its deadline passed.
    pub(crate) expired: Vec<T>,
    pub(crate) queued: usize,
    pub(crate) next_deadline: Option<Instant>,
    pub(crate) closing: Option<Drain>,
    pub(crate) abandoned: bool,
}

impl<T, W, B: Bell> Inbox<T, W, B> {
    pub(crate) fn new(bell: B) -> Self {
        let state = State {
            queue: BTreeMap::new(),
            desk: Desk::new(),
            deadlines: BTreeSet::new(),
            next_id: 1,
            cancels: Vec::new(),
            phase: Phase::Open,
            abandoned: false,
            rung: false,
            report: Report::default(),
        };
        Self { state: Mutex::new(state), ended: Condvar::new(), bell, refuses: AtomicBool::new(false) }
    }

    /// Whether something would be taken now.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        // Relaxed: an early look; `push` looks again under the lock.
        if self.refuses.load(Ordering::Relaxed) { lock(&self.state).check() } else { Ok(()) }
    }

    /// Takes in what `make` gives for its number; does not call it if nothing is taken any more.
    ///
    /// Gives back the worker on offer that is to have the job, if it is `ready`: the caller must write the frame to it now.
    /// Neither of the two may run foreign code or wait.
    pub(crate) fn push(
        &self,
        deadline: Option<Instant>,
        ready: impl FnOnce(&W) -> bool,
        make: impl FnOnce(u64, Way) -> T,
    ) -> Result<Option<(u64, W)>, Refusal> {
        let mut state = lock(&self.state);
        state.check()?;
        let id = state.next_id;
        state.next_id += 1;
        if let Some((worker, frames)) = state.desk.take(ready) {
            debug_assert!(state.queue.is_empty(), "a worker was on offer while jobs waited");
            let queued = Queued { item: make(id, Way::Handed), deadline };
            state.desk.note(Handed { worker, id, since: Instant::now(), queued });
            // The supervisor learns of it with the answer; before that, only a deadline concerns it.
            if deadline.is_some() {
                self.ring(state);
            }
            return Ok(Some((id, frames)));
        }
        state.queue.insert(id, Queued { item: make(id, Way::Queued), deadline });
        state.deadlines.extend(deadline.map(|at| (at, id)));
        self.ring(state);
        Ok(None)
    }

    /// Takes something out of the queue, if it is still there.
    pub(crate) fn remove(&self, id: u64) -> Option<T> {
        lock(&self.state).remove(id)
    }

    /// How many wait for a worker, and how many a worker has that the supervisor has not heard of yet.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.queue.len(), state.desk.unheard())
    }

    /// Asks for a running job to be cancelled.
    pub(crate) fn cancel(&self, id: u64) {
        let mut state = lock(&self.state);
        if !matches!(state.phase, Phase::Ended(_)) {
            state.cancels.push(id);
            self.ring(state);
        }
    }

    /// Takes nothing more from now on. `Started` is not taken back by a later `Queued`.
    pub(crate) fn close(&self, how: Drain) {
        let mut state = lock(&self.state);
        state.phase = match state.phase {
            Phase::Open => Phase::Closing(how),
            Phase::Closing(Drain::Queued) => Phase::Closing(how),
            Phase::Closing(Drain::Started) | Phase::Ended(_) => return,
        };
        self.refuses.store(true, Ordering::Relaxed);
        self.ring(state);
    }

    /// Everything ends now.
    pub(crate) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.abandoned = true;
        self.ring(state);
    }

    /// Waits until the supervisor has ended; `false` if `until` came first.
    pub(crate) fn wait_until_ended(&self, until: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while !matches!(state.phase, Phase::Ended(_)) {
            state = match until {
                None => self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// What has been reported since the last time.
    pub(crate) fn take_report(&self) -> Report {
        std::mem::take(&mut lock(&self.state).report)
    }

    /// Rings once the lock is free, unless the supervisor has a ring to answer already.
    fn ring(&self, mut state: crate::sync::MutexGuard<'_, State<T, W>>) {
        let silent = !std::mem::replace(&mut state.rung, true);
        drop(state);
        if silent {
            self.bell.ring();
        }
    }
}

/// The supervisor's side.
impl<T, W, B: Bell> Inbox<T, W, B> {
    pub(crate) fn bell(&self) -> &B {
        &self.bell
    }

    /// What is to be done. The bell must have been hushed before.
    pub(crate) fn look(&self, now: Instant) -> Orders<T> {
        let mut state = lock(&self.state);
        state.rung = false;
        let mut expired = Vec::new();
        while let Some((at, id)) = state.deadlines.first().copied()
            && at <= now
        {
            expired.extend(state.remove(id));
        }
        if !matches!(state.phase, Phase::Open) {
            state.desk.close();
        }
        Orders {
            handed: state.desk.take_handed(),
            cleared: state.desk.take_cleared(),
            cancels: std::mem::take(&mut state.cancels),
            expired,
            queued: state.queue.len(),
            next_deadline: state.deadlines.first().map(|first| first.0),
            closing: match state.phase {
                Phase::Closing(how) => Some(how),
                Phase::Open | Phase::Ended(_) => None,
            },
            abandoned: state.abandoned,
        }
    }

    /// What has waited longest, for a worker that has nothing to do. If nothing waits the worker is on offer from now on.
    pub(crate) fn next(&self, number: u64, worker: impl FnOnce() -> W) -> Option<(u64, Queued<T>)> {
        let mut state = lock(&self.state);
        let Some((id, queued)) = state.queue.pop_first() else {
            if matches!(state.phase, Phase::Open) {
                state.desk.offer(number, worker());
            } else {
                state.desk.refuse(number);
            }
            return None;
        };
        if let Some(at) = queued.deadline {
            state.deadlines.remove(&(at, id));
        }
        Some((id, queued))
    }

    /// What has waited longest, at most so many, up to the first that does not fit.
    pub(crate) fn next_few(&self, most: usize, fits: impl Fn(&T) -> bool) -> Vec<(u64, Queued<T>)> {
        let mut state = lock(&self.state);
        let mut few = Vec::with_capacity(most.min(state.queue.len()));
        while few.len() < most
            && let Some(first) = state.queue.first_entry().filter(|first| fits(&first.get().item))
        {
            let (id, queued) = first.remove_entry();
            if let Some(at) = queued.deadline {
                state.deadlines.remove(&(at, id));
            }
            few.push((id, queued));
        }
        few
    }

    /// Puts back what was taken out under this number: it has waited longest. Gives it back if nobody will run it.
    pub(crate) fn put_back(&self, id: u64, queued: Queued<T>) -> Result<(), T> {
        let mut state = lock(&self.state);
        if matches!(state.phase, Phase::Ended(_)) {
            return Err(queued.item);
        }
        state.desk.clear();
        state.deadlines.extend(queued.deadline.map(|at| (at, id)));
        state.queue.insert(id, queued);
        Ok(())
    }

    /// The worker is not on offer any more. What has been handed over until now, perhaps to it.
    pub(crate) fn retract(&self, number: u64) -> Vec<Handed<T>> {
        let mut state = lock(&self.state);
        state.desk.retract(number);
        state.desk.take_handed()
    }

    /// What has been handed over since the last time.
    pub(crate) fn handed(&self) -> Vec<Handed<T>> {
        lock(&self.state).desk.take_handed()
    }

    /// Empties the queue.
    pub(crate) fn drain(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        state.deadlines.clear();
        std::mem::take(&mut state.queue).into_values().map(|queued| queued.item).collect()
    }

    pub(crate) fn report(&self, note: impl FnOnce(&mut Report)) {
        note(&mut lock(&self.state).report);
    }

    /// The supervisor is gone; the first reason stands. Gives back what nobody will run.
    #[must_use = "what nobody will run must be told so"]
    pub(crate) fn end(&self, why: Option<Broken>) -> Vec<T> {
        let mut state = lock(&self.state);
        if !matches!(state.phase, Phase::Ended(_)) {
            state.phase = Phase::Ended(why);
        }
        self.refuses.store(true, Ordering::Relaxed);
        state.desk.close();
        let handed = state.desk.take_handed();
        drop(state);
        self.ended.notify_all();
        let mut all: Vec<T> = handed.into_iter().map(|handed| handed.queued.item).collect();
        all.extend(self.drain());
        all
    }
}

impl<T, W> State<T, W> {
    fn check(&self) -> Result<(), Refusal> {
        match &self.phase {
            Phase::Open => Ok(()),
            Phase::Ended(Some(why)) => Err(Refusal::Broken(why.clone())),
            Phase::Closing(_) | Phase::Ended(None) => Err(Refusal::Closed),
        }
    }

    fn remove(&mut self, id: u64) -> Option<T> {
        let queued = self.queue.remove(&id)?;
        if let Some(at) = queued.deadline {
            self.deadlines.remove(&(at, id));
        }
        Some(queued.item)
    }
}
