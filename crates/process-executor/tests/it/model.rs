//! Random submits, cancels, deadlines and kills: every job has exactly one outcome, and one that fits what was done to it.

use crate::help::{LONG, builder, sigkill};
use process_executor::{Drain, Executor, ExecutorExt, Job, JobError, Shutdown, Submit, call};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// xorshift: a run can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Value,
    Panic,
    Die,
    Dawdle,
}

/// A job: what `Kind` says.
fn act((kind, n): (u8, u64)) -> u64 {
    match kind {
        0 => n,
        1 => panic!("number {n}"),
        2 => std::process::abort(),
        _ => {
            std::thread::sleep(Duration::from_millis(n % 10));
            n
        }
    }
}

struct Entry {
    job: Job<u64>,
    kind: Kind,
    number: u64,
    cancelled: bool,
    deadline: bool,
    outcomes: Arc<AtomicU32>,
}

fn fits(entry: &Entry, kills: bool, outcome: &Result<u64, JobError>) -> bool {
    match outcome {
        Ok(value) => *value == entry.number && matches!(entry.kind, Kind::Value | Kind::Dawdle),
        Err(JobError::Panicked(panic)) => {
            entry.kind == Kind::Panic && panic.message() == format!("number {}", entry.number)
        }
        Err(JobError::WorkerDied(_)) => entry.kind == Kind::Die || kills,
        Err(JobError::Cancelled { .. }) => entry.cancelled,
        Err(JobError::Deadline { .. }) => entry.deadline,
        Err(_) => false,
    }
}

fn sequence(seed: u64) {
    let random = &mut Random(seed);
    let kills = random.below(2) == 0;
    let pool = builder().workers(1..=3).grace(Duration::from_millis(2)).build().expect("a pool");
    let mut entries = Vec::new();
    for number in 0..60 {
        let kind = [Kind::Value, Kind::Value, Kind::Panic, Kind::Die, Kind::Dawdle][random.below(5) as usize];
        let deadline = random.below(4) == 0;
        let mut options = Submit::new();
        if deadline {
            options = options.deadline(Duration::from_millis(1 + random.below(20)));
        }
        let job = pool.try_submit_with(call(act, (kind as u8, number)), options).expect("room");
        let outcomes = Arc::new(AtomicU32::new(0));
        let counter = outcomes.clone();
        job.on_done(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        entries.push(Entry { job, kind, number, cancelled: false, deadline, outcomes });
        if random.below(4) == 0 {
            let at = random.below(entries.len() as u64) as usize;
            entries[at].cancelled = true;
            entries[at].job.cancel();
        }
        if kills && random.below(10) == 0 {
            // It may be given to a worker that dies before it answers.
            if let Ok(pid) = pool.try_submit(call(crate::help::pid, ())).expect("room").wait() {
                // The worker may be gone by now.
                let _ = std::panic::catch_unwind(|| crate::help::alive(pid).then(|| sigkill(pid)));
            }
        }
    }
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "seed {seed}: {report}");
    for mut entry in entries {
        let outcome = entry.job.wait_timeout(LONG).expect("every job has an outcome");
        assert!(fits(&entry, kills, &outcome), "seed {seed}: {:?} {}: {outcome:?}", entry.kind, entry.number);
        assert_eq!(entry.outcomes.load(Ordering::Relaxed), 1, "seed {seed}: number {}", entry.number);
    }
}

#[test]
fn every_job_has_exactly_one_outcome_that_fits() {
    for seed in 1..=12 {
        sequence(seed * 0x9E37_79B9);
    }
}
