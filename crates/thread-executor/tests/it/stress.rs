//! Everything at once: nothing is lost, and it ends by itself.

use crate::{LONG, count, pool};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use thread_executor::{Drain, ExecutorExt, Job, JobError, Reject, Shutdown, Submit, ThreadPool, block_on};

/// Numbers that look random, the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What became of the jobs of one thread.
#[derive(Default, Debug, PartialEq, Eq)]
struct Tally {
    outputs: u64,
    panics: u64,
    withdrawn: u64,
    refused: u64,
    /// Over in time for the caller, while the work ran on.
    overran: u64,
}

fn submit_and_collect(pool: &ThreadPool, ran: &Arc<AtomicU64>, seed: u64, jobs: u64) -> Tally {
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    let mut kept = VecDeque::new();
    for number in 0..jobs {
        let ran = ran.clone();
        let nested = dice.roll(50) == 0;
        let panics = dice.roll(200) == 0;
        let within = nested.then(|| pool.clone());
        let work = move || {
            ran.fetch_add(1, Ordering::Relaxed);
            if let Some(pool) = within {
                let inner = block_on(pool.submit(move || number)).expect("the pool is open");
                assert_eq!(inner.wait().expect("it has an output"), number);
            }
            if panics {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
            number
        };
        let options = match dice.roll(4) {
            0 => Submit::new().deadline(Duration::from_micros(50 + dice.roll(2000))),
            _ => Submit::new(),
        };
        let job = match block_on(pool.submit_with(work, options)) {
            Ok(job) => job,
            Err(rejected) => {
                // This thread did not come to run in time.
                assert!(matches!(rejected.why, Reject::DeadlinePassed), "{}", rejected.why);
                tally.refused += 1;
                continue;
            }
        };
        match dice.roll(8) {
            0 => {
                job.cancel();
            }
            1 => thread::yield_now(),
            _ => {}
        }
        kept.push_back((number, job));
        while kept.len() > 100 {
            take_one(&mut kept, &mut tally);
        }
    }
    while !kept.is_empty() {
        take_one(&mut kept, &mut tally);
    }
    tally
}

fn take_one(kept: &mut VecDeque<(u64, Job<u64>)>, tally: &mut Tally) {
    let (number, mut job) = kept.pop_front().expect("one is kept");
    match job.wait_timeout(LONG).expect("no job is lost") {
        Ok(output) => {
            assert_eq!(output, number);
            tally.outputs += 1;
        }
        Err(JobError::Panicked(_)) => tally.panics += 1,
        Err(JobError::Cancelled { started: false } | JobError::Deadline { started: false }) => {
            tally.withdrawn += 1;
        }
        Err(JobError::Deadline { started: true }) => tally.overran += 1,
        Err(error) => panic!("{error}"),
    }
}

/// How many jobs, if the whole of it is wanted: a million take a minute.
const JOBS: &str = "THREAD_EXECUTOR_STRESS";

#[test]
fn many_jobs_with_cancels_deadlines_panics_nested_waits_and_idle_timeouts_are_all_accounted_for() {
    const SUBMITTERS: u64 = 8;
    let jobs: u64 = std::env::var(JOBS).ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(80_000);
    // Threads leave and come all the time.
    let pool = ThreadPool::builder()
        .threads_between(0..=3)
        .queue(count(64))
        .idle_timeout(Duration::from_micros(100))
        .build();
    let ran = Arc::new(AtomicU64::new(0));
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let submitters: Vec<_> = (1..=SUBMITTERS)
            .map(|seed| {
                let (pool, ran) = (&pool, &ran);
                scope.spawn(move || submit_and_collect(pool, ran, seed * 0x9E37_79B9, jobs / SUBMITTERS))
            })
            .collect();
        submitters.into_iter().map(|submitter| submitter.join().expect("it does not panic")).collect()
    });
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");

    let sum = |field: fn(&Tally) -> u64| tallies.iter().map(field).sum::<u64>();
    let (outputs, panics) = (sum(|tally| tally.outputs), sum(|tally| tally.panics));
    let (withdrawn, overran) = (sum(|tally| tally.withdrawn), sum(|tally| tally.overran));
    let refused = sum(|tally| tally.refused);
    assert_eq!(outputs + panics + withdrawn + overran + refused, jobs / SUBMITTERS * SUBMITTERS);
    assert_eq!(outputs + panics + overran, ran.load(Ordering::Relaxed), "what did not run was withdrawn");
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.queued, stats.running, stats.abandoned), (0, 0, 0, 0));
    assert_eq!(stats.cancelled, withdrawn);
    assert_eq!(stats.submitted, stats.completed + stats.panicked + stats.cancelled);
}

#[test]
fn a_million_queued_jobs_are_cancelled_and_nothing_of_them_is_left() {
    const JOBS: usize = 1_000_000;
    let pool = pool(1, JOBS);
    let mut gate = crate::gate::Gate::new();
    let held = gate.hold(&pool, 1);
    let jobs: Vec<_> = (0..JOBS).map(|_| crate::start(&pool, || ())).collect();
    assert_eq!(pool.stats().queued, JOBS);
    for job in jobs {
        assert_eq!(job.cancel(), contract::Cancel::Dequeued);
    }
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.cancelled), (0, JOBS as u64));
    let next = crate::start(&pool, || 7);
    gate.open();
    assert_eq!(crate::output(next), 7);
    held.into_iter().for_each(crate::output);
}

#[test]
fn shutdowns_in_the_middle_of_submissions_lose_nothing() {
    for round in 0..200 {
        let pool = pool(2, 16);
        let how = if round % 2 == 0 { Drain::Queued } else { Drain::Started };
        let outcomes: Vec<_> = thread::scope(|scope| {
            let submitter =
                scope.spawn(|| (0..100).map_while(|_| pool.try_submit(|| ()).ok()).collect::<Vec<_>>());
            let closer = scope.spawn(|| pool.shutdown(how, LONG));
            let jobs = submitter.join().expect("it does not panic");
            let report = closer.join().expect("it does not panic");
            assert!(report.stragglers.is_empty(), "{report}");
            let outcomes: Vec<_> =
                jobs.into_iter().map(|mut job| job.wait_timeout(LONG).expect("it is not lost")).collect();
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), report.cancelled);
            outcomes
        });
        assert!(how == Drain::Started || outcomes.iter().all(Result::is_ok));
        assert_eq!(pool.stats().threads, 0);
    }
}
