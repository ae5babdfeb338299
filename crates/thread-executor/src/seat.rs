//! What is known of one thread: its name, what it runs, what it has done.

use crate::lanes::LANES;
use crate::sync::{Mutex, Unparker, lock};
use contract::Histogram;
use contract::{Priority, Straggler};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// A thread's record. Only that thread writes it, under a lock that others take when somebody asks for numbers.
pub(crate) struct Seat {
    pub(crate) number: u32,
    pub(crate) thread: String,
    /// Not a thread of the pool: it lends itself for one job.
    pub(crate) guest: bool,
    pub(crate) unparker: Unparker,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    /// What it runs, and within the waits of what: the innermost last.
    running: Vec<Running>,
    counts: Counts,
}

/// A job that a thread has taken and that is not over.
pub(crate) struct Running {
    /// Its work runs. Else it is what others hung on its end, or the preparation of the thread.
    is_job: bool,
    label: Option<Cow<'static, str>>,
    since: Instant,
    priority: Priority,
    /// How long it waited, and for how many jobs that stands.
    waited: Option<(Duration, u64)>,
}

/// What threads have done.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) completed: u64,
    pub(crate) panicked: u64,
    pub(crate) wait: [Histogram; LANES],
    pub(crate) run: [Histogram; LANES],
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.panicked += other.panicked;
        for lane in 0..LANES {
            self.wait[lane].add(&other.wait[lane]);
            self.run[lane].add(&other.run[lane]);
        }
    }
}

/// What a thread does.
pub(crate) struct Tasks {
    /// Jobs whose work it runs.
    pub(crate) jobs: usize,
    /// Whether it does anything.
    pub(crate) any: bool,
}

impl Running {
    pub(crate) fn job(
        label: Option<Cow<'static, str>>,
        since: Instant,
        priority: Priority,
        waited: Option<(Duration, u64)>,
    ) -> Self {
        Self { is_job: true, label, since, priority, waited }
    }

    /// What follows on it, or comes before all.
    pub(crate) fn after(self) -> Self {
        Self { is_job: false, ..self }
    }
}

impl Seat {
    pub(crate) fn new(number: u32, thread: String, guest: bool, unparker: Unparker) -> Self {
        Self { number, thread, guest, unparker, ledger: Mutex::default() }
    }

    /// Whether it is the pool's seat of this number.
    pub(crate) fn is_of(&self, number: usize) -> bool {
        !self.guest && self.number as usize == number
    }

    /// It runs this from now on.
    pub(crate) fn begin(&self, running: Running) {
        lock(&self.ledger).running.push(running);
    }

    /// What it began last is called so.
    pub(crate) fn name(&self, label: Cow<'static, str>) {
        if let Some(running) = lock(&self.ledger).running.last_mut() {
            running.label = Some(label);
        }
    }

    /// What it began last has ended.
    pub(crate) fn end(&self, now: Instant, failed: bool) -> Running {
        let mut ledger = lock(&self.ledger);
        let running = ledger.running.pop().expect("what ends has begun");
        let lane = running.priority as usize;
        let counts = &mut ledger.counts;
        *(if failed { &mut counts.panicked } else { &mut counts.completed }) += 1;
        counts.run[lane].record(now.saturating_duration_since(running.since), 1);
        if let Some((waited, weight)) = running.waited {
            counts.wait[lane].record(waited, weight);
        }
        running
    }

    /// What it began last did not run, or runs no longer.
    pub(crate) fn forget(&self) {
        let forgotten = lock(&self.ledger).running.pop();
        drop(forgotten);
    }

    /// What it does; and what it has done is added to `counts`.
    pub(crate) fn account(&self, counts: &mut Counts) -> Tasks {
        let ledger = lock(&self.ledger);
        counts.add(&ledger.counts);
        let running = &ledger.running;
        Tasks { jobs: running.iter().filter(|running| running.is_job).count(), any: !running.is_empty() }
    }

    pub(crate) fn stragglers(&self) -> Vec<Straggler> {
        let straggler =
            |running: &Running| Straggler::new(running.label.clone(), &self.thread, running.since.elapsed());
        lock(&self.ledger).running.iter().map(straggler).collect()
    }
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat")
            .field("number", &self.number)
            .field("thread", &self.thread)
            .finish_non_exhaustive()
    }
}
