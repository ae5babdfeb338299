//! Everything at once, for a while: `ANYLOOP_CHAOS=600 cargo test -p anyloop-process-executor chaos` for ten minutes.
//!
//! Workers are killed from outside, deadlines pass, jobs are cancelled, run again, crash and panic, large arguments and results
//! cross in every way, workers are recycled, and the parent's memory is under pressure. Every job has exactly one outcome, one
//! that fits what was done to it, and in the end nothing is left: no worker, no zombie, no descriptor, no segment.

use crate::help::{LONG, builder, pool, until};
use process_executor::{
    Blob, BlobMut, Drain, Executor, Job, JobError, ProcessPool, Recycle, Shutdown, Submit, call,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % bound
    }
}

const SIZE: usize = 300_000;

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}

/// What a job gives if it comes to its end: each kind in its own way, always `n`.
fn value(n: u64) -> u64 {
    n % 251
}

struct Entry {
    job: Job<u64>,
    n: u64,
    may_panic: bool,
    may_die: bool,
    cancelled: bool,
    deadline: bool,
    outcomes: Arc<AtomicU32>,
}

/// A job of the `kind`, whose result shows whether its argument came whole.
fn submit(pool: &ProcessPool, kind: u64, n: u64, options: Submit, again: u32) -> Job<u64> {
    let byte = value(n) as u8;
    let filled = || {
        let mut bytes = pool.blob(SIZE).expect("there is memory");
        bytes.fill(byte);
        bytes.freeze()
    };
    let job = match kind {
        0 => pool
            .try_submit_with(
                call(|blob: Blob| sum(&blob) / SIZE as u64, filled()).retry_on_death(again),
                options,
            )
            .ok(),
        1 => {
            let work = call(|bytes: Vec<u8>| sum(&bytes) / SIZE as u64, vec![byte; SIZE]);
            pool.try_submit_with(work.retry_on_death(again), options).ok()
        }
        2 => {
            let sleeps = |(n, ms): (u64, u64)| {
                std::thread::sleep(Duration::from_millis(ms));
                value(n)
            };
            pool.try_submit_with(call(sleeps, (n, n % 7)).retry_on_death(again), options).ok()
        }
        3 => pool.try_submit_with(call(|n: u64| -> u64 { panic!("number {n}") }, n), options).ok(),
        4 => pool
            .try_submit_with(
                call(|_n: u64| -> u64 { std::process::abort() }, n).retry_on_death(again),
                options,
            )
            .ok(),
        _ => pool.try_submit_with(call(value, n).retry_on_death(again), options).ok(),
    };
    job.expect("there is room")
}

/// One whole life of a pool.
fn life(random: &mut Random, jobs: u64) -> Result<(), String> {
    let pool = builder()
        .workers(1..=3)
        .spares(random.below(2) as usize)
        .idle_timeout(Duration::from_millis(random.below(20)))
        .grace(Duration::from_millis(random.below(5)))
        .recycle(Recycle::after(5 + random.below(20)).jitter(0.5))
        .arena((random.below(3) as usize) << 20)
        .queue(4096)
        .build()
        .map_err(|error| error.to_string())?;
    let mut entries: Vec<Entry> = Vec::new();
    for n in 0..jobs {
        let kind = random.below(8);
        let mut options = Submit::new();
        let deadline = random.below(6) == 0;
        if deadline {
            options = options.deadline(Duration::from_millis(1 + random.below(30)));
        }
        let again = if random.below(2) == 0 { 2 } else { 0 };
        let job = submit(&pool, kind, n, options, again);
        let outcomes = Arc::new(AtomicU32::new(0));
        let counter = outcomes.clone();
        job.on_done(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        entries.push(Entry {
            job,
            n,
            may_panic: kind == 3,
            may_die: kind == 4,
            cancelled: false,
            deadline,
            outcomes,
        });
        if random.below(6) == 0 {
            let at = random.below(entries.len() as u64) as usize;
            entries[at].cancelled = true;
            entries[at].job.cancel();
        }
        if random.below(8) == 0 {
            kill_one(random);
        }
        disturb(&pool, random)?;
    }
    let report = pool.shutdown(Drain::Queued, LONG);
    if !report.is_clean() {
        return Err(report.to_string());
    }
    entries.into_iter().try_for_each(check)
}

/// Pressure: memory comes and goes, and results that are blobs.
fn disturb(pool: &ProcessPool, random: &mut Random) -> Result<(), String> {
    if random.below(30) == 0 {
        std::hint::black_box(vec![1_u8; (1 + random.below(32) as usize) << 20]);
    }
    if random.below(10) != 0 {
        return Ok(());
    }
    let made = |len: usize| {
        let mut bytes = BlobMut::new(len);
        bytes.fill(3);
        bytes.freeze()
    };
    let job = pool.try_submit_with(call(made, SIZE), Submit::new()).map_err(|it| it.to_string())?;
    match job.wait() {
        Ok(blob) if sum(&blob) == 3 * SIZE as u64 => Ok(()),
        Err(JobError::WorkerDied(_)) => Ok(()),
        other => Err(format!("a result: {other:?}")),
    }
}

/// Whether its one outcome fits what was done to it.
fn check(mut entry: Entry) -> Result<(), String> {
    let outcome = entry.job.wait_timeout(LONG).ok_or("a job without an outcome")?;
    let fits = match &outcome {
        Ok(it) => *it == value(entry.n) && !entry.may_panic && !entry.may_die,
        Err(JobError::Panicked(panic)) => entry.may_panic && panic.message() == format!("number {}", entry.n),
        // Any worker may be killed from outside.
        Err(JobError::WorkerDied(_)) => true,
        Err(JobError::Cancelled { .. }) => entry.cancelled,
        Err(JobError::Deadline { .. }) => entry.deadline,
        Err(_) => false,
    };
    match entry.outcomes.load(Ordering::Relaxed) {
        1 if fits => Ok(()),
        outcomes => Err(format!("number {}: {outcome:?}, {outcomes} times", entry.n)),
    }
}

/// Kills one of this process's children, if it has any.
fn kill_one(random: &mut Random) {
    let me = std::process::id();
    let threads = std::fs::read_dir(format!("/proc/{me}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<i32> = lists
        .flat_map(|list| list.split_whitespace().filter_map(|it| it.parse().ok()).collect::<Vec<_>>())
        .collect();
    if !children.is_empty() {
        let one = children[random.below(children.len() as u64) as usize];
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(one), nix::sys::signal::Signal::SIGKILL);
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// In a job, so that children and descriptors are nobody else's.
fn chaos((seconds, seed): (u64, u64)) -> Result<u64, String> {
    let (begun, random, mut lives) = (Instant::now(), &mut Random(seed), 0);
    life(random, 10)?;
    let before = descriptors();
    loop {
        life(random, 100).map_err(|why| format!("seed {seed}, life {lives}: {why}"))?;
        lives += 1;
        if begun.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
    }
    until("no descriptor is left", || descriptors() <= before);
    until("no zombie is left", || crate::life::zombies() == 0);
    Ok(lives)
}

#[test]
fn in_the_chaos_every_job_has_one_outcome_and_nothing_is_left() {
    let seconds = std::env::var("ANYLOOP_CHAOS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let job = process_executor::ExecutorExt::try_submit(&pool(1), call(chaos, (seconds, 0x9E37_79B9)))
        .expect("room");
    let lives = job.wait().expect("it runs").expect("every job has its outcome");
    println!("{lives} lives of a pool");
}
