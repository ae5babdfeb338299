//! Metrics of a loop, kept by an instrument and printed in the text format of Prometheus.
//!
//! Loop lag is how late a loop is for its timers, step time is how long it runs without looking at anything else, and the
//! queue is what is ready at the beginning of a turn. asyncio has no hooks for any of these: there one measures a heartbeat.

use core_loop::{AnyTask, Instrument, Loop, Step, Turn, sleep, spawn};
use std::cell::{Cell, RefCell};
use std::fmt::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Upper ends of the buckets, in seconds; the last one has none.
const SECONDS: [f64; 7] = [0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1.0, 10.0];
/// Upper ends of the buckets, in steps.
const STEPS: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];

/// How many measurements were how large.
#[derive(Debug)]
struct Histogram {
    ends: &'static [f64],
    /// One more than there are ends.
    counts: RefCell<Vec<u64>>,
    sum: Cell<f64>,
}

impl Histogram {
    fn new(ends: &'static [f64]) -> Self {
        Self { ends, counts: RefCell::new(vec![0; ends.len() + 1]), sum: Cell::new(0.0) }
    }

    fn observe(&self, value: f64) {
        let bucket = self.ends.partition_point(|end| *end < value);
        self.counts.borrow_mut()[bucket] += 1;
        self.sum.set(self.sum.get() + value);
    }

    fn write(&self, text: &mut impl Write, name: &str, help: &str) -> fmt::Result {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram")?;
        let mut below = 0;
        for (count, end) in self.counts.borrow().iter().zip(self.ends.iter().chain([&f64::INFINITY])) {
            below += count;
            let end = if end.is_finite() { end.to_string() } else { "+Inf".to_owned() };
            writeln!(text, "{name}_bucket{{le=\"{end}\"}} {below}")?;
        }
        writeln!(text, "{name}_sum {}\n{name}_count {below}", self.sum.get())
    }
}

// ANCHOR: instrument
/// What is measured: an instrument for one loop.
#[derive(Debug)]
pub struct Metrics {
    spawned: Cell<u64>,
    finished: Cell<u64>,
    steps: Histogram,
    queue: Histogram,
    lag: Histogram,
    parked: Cell<Duration>,
    /// When the step under way began, or the time in the runtime.
    began: Cell<Instant>,
}

impl Instrument for Metrics {
    fn spawned(&self, _: &AnyTask) {
        self.spawned.set(self.spawned.get() + 1);
    }

    fn finished(&self, _: &AnyTask) {
        self.finished.set(self.finished.get() + 1);
    }

    fn before_step(&self, _: &Step) {
        self.began.set(Instant::now());
    }

    fn after_step(&self, _: &Step) {
        self.steps.observe(self.began.get().elapsed().as_secs_f64());
    }

    fn begin_turn(&self, turn: &Turn) {
        self.queue.observe(turn.queued as f64);
        if let Some(late) = turn.late {
            self.lag.observe(late.as_secs_f64());
        }
    }

    fn before_park(&self, _: Option<Instant>) {
        self.began.set(Instant::now());
    }

    fn after_park(&self) {
        self.parked.set(self.parked.get() + self.began.get().elapsed());
    }
}
// ANCHOR_END: instrument

impl Metrics {
    /// Nothing measured yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            spawned: Cell::new(0),
            finished: Cell::new(0),
            steps: Histogram::new(&SECONDS),
            queue: Histogram::new(&STEPS),
            lag: Histogram::new(&SECONDS),
            parked: Cell::new(Duration::ZERO),
            began: Cell::new(Instant::now()),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The text that a scraper of Prometheus reads.
impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = [
            ("loop_tasks_spawned_total", "Tasks that were spawned.", self.spawned.get() as f64),
            ("loop_tasks_finished_total", "Tasks that have ended.", self.finished.get() as f64),
            ("loop_parked_seconds_total", "Time with nothing to do.", self.parked.get().as_secs_f64()),
        ];
        for (name, help, value) in counters {
            writeln!(f, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}")?;
        }
        self.steps.write(f, "loop_step_seconds", "Time of one step, in which nothing else runs.")?;
        self.queue.write(f, "loop_queue_steps", "Steps that were ready when a turn began.")?;
        self.lag.write(f, "loop_lag_seconds", "How late the loop was for the first timer of a turn.")
    }
}

/// A hundred tasks that sleep and compute, measured; then what was seen.
pub async fn main() -> String {
    let metrics = Rc::new(Metrics::new());
    Loop::current().set_instrument(metrics.clone());
    let tasks: Vec<_> = (0..100).map(|number| spawn(work(number))).collect();
    for task in tasks {
        // It computes a number that nobody wants.
        let _number = task.await;
    }
    Loop::current().reset_instrument();
    metrics.to_string()
}

async fn work(number: u64) -> u64 {
    sleep(Duration::from_millis(number % 10)).await;
    (0..number * 1_000).map(std::hint::black_box).sum()
}
