//! Deadlines: one thread, started by the first of them, that ends a job which is not over in time.

use crate::sync::{Mutex, Parker, Unparker, lock};
use contract::{Panic, Watch};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// The deadlines of one pool.
pub(crate) struct Timers {
    state: Mutex<State>,
    thread_name: String,
}

struct State {
    alarms: BinaryHeap<Reverse<Alarm>>,
    /// How many alarms were left when those without a use were last looked for.
    kept: usize,
    /// Alarms ever added.
    arrivals: u64,
    /// Deadlines enforced so far.
    expired: u64,
    thread: Option<Unparker>,
    closed: bool,
}

struct Alarm {
    at: Instant,
    /// The tie-break between equal deadlines, which a bare heap would pop in any order.
    arrival: u64,
    watch: Watch,
}

/// Below this many alarms it does not pay to look for those without a use.
const ALARMS_MIN: usize = 64;

impl Timers {
    pub(crate) fn new(thread_name: String) -> Arc<Self> {
        let state = State {
            alarms: BinaryHeap::new(),
            kept: 0,
            arrivals: 0,
            expired: 0,
            thread: None,
            closed: false,
        };
        Arc::new(Self { state: Mutex::new(state), thread_name })
    }

    /// Makes sure that there is a thread to enforce deadlines.
    pub(crate) fn start(self: &Arc<Self>) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.thread.is_some() {
            return Ok(());
        }
        let parker = Parker::new();
        let unparker = parker.unparker().clone();
        let timers = self.clone();
        thread::Builder::new().name(self.thread_name.clone()).spawn(move || timers.run(&parker))?;
        state.thread = Some(unparker);
        Ok(())
    }

    /// Ends the job of `watch` at `at`, if it is not over by then. The thread must have been [started](Self::start).
    pub(crate) fn add(&self, at: Instant, watch: Watch) {
        let mut state = lock(&self.state);
        if state.closed {
            // Everything is over: the job is about to be refused.
            return;
        }
        if state.alarms.len() >= ALARMS_MIN && state.alarms.len() >= state.kept * 2 {
            state.alarms.retain(|alarm| !alarm.0.watch.is_over());
            state.kept = state.alarms.len();
        }
        let earliest = state.alarms.peek().is_none_or(|first| at < first.0.at);
        let arrival = state.arrivals;
        state.arrivals += 1;
        state.alarms.push(Reverse(Alarm { at, arrival, watch }));
        if earliest && let Some(thread) = &state.thread {
            thread.unpark();
        }
    }

    /// No job is left, and none will come: ends the thread.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.alarms.clear();
        if let Some(thread) = &state.thread {
            thread.unpark();
        }
    }

    pub(crate) fn expired(&self) -> u64 {
        lock(&self.state).expired
    }

    fn run(&self, parker: &Parker) {
        let mut state = lock(&self.state);
        while !state.closed {
            match state.alarms.peek().map(|first| first.0.at) {
                None => {
                    drop(state);
                    parker.park();
                }
                Some(at) if Instant::now() < at => {
                    drop(state);
                    parker.park_deadline(at);
                }
                Some(_) => {
                    let due = state.alarms.pop().expect("there is a first").0.watch;
                    if due.is_over() {
                        continue;
                    }
                    // Counted first, so that whoever sees the outcome finds it counted.
                    state.expired += 1;
                    drop(state);
                    let expired = expire(&due);
                    state = lock(&self.state);
                    // It ended between the look and the attempt.
                    state.expired -= u64::from(!expired);
                    continue;
                }
            }
            state = lock(&self.state);
        }
    }
}

/// Whoever waits for the job is woken here; a panic of theirs must not cost the others their deadlines.
fn expire(watch: &Watch) -> bool {
    Panic::catch(|| watch.expire()).unwrap_or(true)
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.arrival) == (other.at, other.arrival)
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.arrival).cmp(&(other.at, other.arrival))
    }
}

#[cfg(test)]
mod tests {
    use super::{Timers, lock};
    use contract::{Job, Place, Submit};
    use std::time::{Duration, Instant};

    #[test]
    fn alarms_of_jobs_that_are_over_do_not_pile_up() {
        let timers = Timers::new("unused".to_owned());
        let later = Instant::now() + Duration::from_secs(3600);
        for _ in 0..10_000 {
            let (runnable, job) = Job::package(|| (), &Submit::new(), Place::none(), ());
            timers.add(later, runnable.watch());
            job.cancel();
            assert!(lock(&timers.state).alarms.len() <= 200);
        }
    }
}
