//! The jobs that a loop has accepted through its handles, and how it stops taking more.
//!
//! ```text
//!            the loop takes it          its task has ended, clean-ups and all
//!   QUEUED ───────────────────► STARTED ───────────────────────────────────► gone
//!      └── withdrawn by a shutdown, or dropped by the close ─────────────────► gone
//! ```

use crate::sync::{AtomicUsize, Condvar, Mutex, Ordering, lock};
use contract::Straggler;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

pub(crate) struct Jobs {
    state: Mutex<State>,
    /// The last one is gone.
    emptied: Condvar,
    /// How many live, or [`CLOSED`]: lets a pool compare its loops without their locks. Written under the lock.
    load: AtomicUsize,
}

/// Nothing more is accepted. More jobs than this never live.
const CLOSED: usize = usize::MAX;

struct State {
    closed: bool,
    /// Counts the jobs ever accepted: a job's key.
    accepted: u64,
    live: BTreeMap<u64, Live>,
}

struct Live {
    label: Option<Cow<'static, str>>,
    /// Since when its task runs, and the task's name.
    started: Option<(Instant, String)>,
    queued: Option<Weak<dyn Queued>>,
}

/// Work that the loop has not taken yet. It is `Send`, so any thread may drop it.
pub(crate) trait Queued: Send + Sync {
    /// Its job ends with `Shutdown`. `false` if it has started, or was cancelled before.
    fn withdraw(&self) -> bool;
}

/// A job's place among those that live. Dropped last of all that the job owns.
pub(crate) struct Ticket {
    jobs: Arc<Jobs>,
    key: u64,
}

impl Jobs {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { closed: false, accepted: 0, live: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), emptied: Condvar::new(), load: AtomicUsize::new(0) })
    }

    /// How many live; `None` if nothing more is accepted.
    pub(crate) fn load(&self) -> Option<usize> {
        // Relaxed: a hint, and out of date as soon as it is read.
        Some(self.load.load(Ordering::Relaxed)).filter(|load| *load != CLOSED)
    }

    /// Under the lock, whose state this is.
    fn note_load(&self, state: &State) {
        self.load.store(if state.closed { CLOSED } else { state.live.len() }, Ordering::Relaxed);
    }

    /// Takes nothing more.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        self.note_load(&state);
    }

    /// Takes nothing more, and what has not started never will: the loop is closing.
    pub(crate) fn end(&self) {
        // In this order: a job that comes in between finds the door closed, and goes back.
        self.close();
        self.withdraw_queued();
    }

    /// Withdraws what has not started. Gives how many that were.
    pub(crate) fn withdraw_queued(&self) -> usize {
        let queued: Vec<_> = lock(&self.state).live.values().filter_map(|job| job.queued.clone()).collect();
        // Not under the lock: this drops work, and tells whoever waits for it.
        queued.iter().filter_map(Weak::upgrade).filter(|queued| queued.withdraw()).count()
    }

    /// Waits until none is left. `false` if the deadline came first.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while !state.live.is_empty() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    self.emptied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        true
    }

    pub(crate) fn stragglers(&self) -> Vec<Straggler> {
        let state = lock(&self.state);
        let started = state.live.values().filter_map(|job| Some((job, job.started.as_ref()?)));
        started
            .map(|(job, (since, task))| Straggler::new(job.label.clone(), task.as_str(), since.elapsed()))
            .collect()
    }
}

impl Ticket {
    /// `None` if nothing more is accepted.
    pub(crate) fn take(jobs: &Arc<Jobs>, label: Option<Cow<'static, str>>) -> Option<Self> {
        let mut state = lock(&jobs.state);
        if state.closed {
            return None;
        }
        state.accepted += 1;
        let key = state.accepted;
        state.live.insert(key, Live { label, started: None, queued: None });
        jobs.note_load(&state);
        drop(state);
        Some(Self { jobs: jobs.clone(), key })
    }

    /// How a shutdown reaches the work. `false` if one has begun meanwhile: it may have looked for the work already, so the
    /// work must not be queued any more.
    #[must_use]
    pub(crate) fn queued(jobs: &Jobs, key: u64, queued: Weak<dyn Queued>) -> bool {
        let mut state = lock(&jobs.state);
        if state.closed {
            return false;
        }
        if let Some(job) = state.live.get_mut(&key) {
            job.queued = Some(queued);
        }
        true
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The loop has made a task of it.
    pub(crate) fn started(jobs: &Jobs, key: u64, task: String) {
        if let Some(job) = lock(&jobs.state).live.get_mut(&key) {
            job.started = Some((Instant::now(), task));
            job.queued = None;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = lock(&self.jobs.state);
        let ours = state.live.remove(&self.key);
        self.jobs.note_load(&state);
        if state.live.is_empty() {
            self.jobs.emptied.notify_all();
        }
        drop(state);
        drop(ours);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Jobs, Queued, Ticket};
    use std::sync::Arc;

    struct Work;

    impl Queued for Work {
        fn withdraw(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_job_that_comes_while_a_shutdown_begins_is_counted_by_it_or_refused() {
        let jobs = Jobs::new();
        let work: Arc<dyn Queued> = Arc::new(Work);
        let queue = |ticket: &Ticket| Ticket::queued(&jobs, ticket.key(), Arc::downgrade(&work));
        let before = Ticket::take(&jobs, None).expect("it is open");
        assert!(queue(&before));
        let between = Ticket::take(&jobs, None).expect("it is open");
        jobs.close();
        assert_eq!(jobs.withdraw_queued(), 1);
        assert!(!queue(&between), "the shutdown has looked already");
        assert!(Ticket::take(&jobs, None).is_none());
    }
}
