//! Many short jobs at once: workers are sent several ahead, and nobody can tell but by the clock.

use crate::help::{Flag, LONG, builder, death, hang, pid_of, raise, until};
use process_executor::{
    Cancel, Drain, Executor, ExecutorExt, Job, JobError, ProcessPool, Recycle, Shutdown, Submit, call,
};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Enough for workers to be sent many ahead.
const MANY: u64 = 3000;

fn roomy(workers: usize) -> ProcessPool {
    builder().workers(workers).queue(2 * MANY as usize).grace(LONG).build().expect("a pool starts")
}

fn submit(pool: &ProcessPool, number: u64) -> Job<u64> {
    pool.try_submit(call(|number: u64| number + 1, number)).expect("room")
}

/// Runs many short jobs, so that the pool has learned how short they are.
fn warm_up(pool: &ProcessPool) {
    let jobs: Vec<_> = (0..MANY).map(|number| submit(pool, number)).collect();
    for (number, job) in (0..).zip(jobs) {
        assert_eq!(job.wait().expect("it runs"), number + 1);
    }
}

/// A job: leaves a trace in a file, that it ran.
fn trace((path, number): (String, u64)) -> u64 {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("it can be written");
    file.write_all(format!("{number}\n").as_bytes()).expect("it is written");
    number
}

/// Which jobs left a trace, and how many.
fn traces(flag: &Flag) -> BTreeMap<u64, usize> {
    let mut all = BTreeMap::new();
    for line in fs::read_to_string(flag.path()).unwrap_or_default().lines() {
        *all.entry(line.parse().expect("a number")).or_default() += 1;
    }
    all
}

/// A job: waits until the flag is there.
fn wait_for(path: String) -> u64 {
    until("the flag is raised", || fs::exists(&path).unwrap_or(false));
    0
}

#[test]
fn many_jobs_on_one_worker_start_in_the_order_in_which_they_came() {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let pool = roomy(1);
    let count = |(): ()| STARTED.fetch_add(1, Ordering::Relaxed);
    let jobs: Vec<_> = (0..MANY).map(|_| pool.try_submit(call(count, ())).expect("room")).collect();
    for (number, job) in (0..).zip(jobs) {
        assert_eq!(job.wait().expect("it runs"), number);
    }
}

#[test]
fn a_long_job_does_not_hold_up_those_behind_it() {
    let pool = roomy(2);
    warm_up(&pool);
    let flag = Flag::new();
    let before: Vec<_> = (0..MANY).map(|number| submit(&pool, number)).collect();
    let long = pool.try_submit(call(wait_for, flag.path())).expect("room");
    let after: Vec<_> = (0..MANY).map(|number| submit(&pool, number)).collect();
    for job in before.into_iter().chain(after) {
        job.wait().expect("it runs, with the long one still at work");
    }
    assert!(!long.done());
    raise(&flag.path());
    long.wait().expect("it ends");
}

#[test]
fn a_worker_that_dies_amid_many_jobs_fails_one_of_them_and_every_other_runs_once() {
    let (pool, flag) = (roomy(2), Flag::new());
    warm_up(&pool);
    let work = |(path, number): (String, u64)| {
        if number == MANY / 2 {
            std::process::abort();
        }
        trace((path, number))
    };
    let jobs: Vec<_> =
        (0..MANY).map(|number| pool.try_submit(call(work, (flag.path(), number))).expect("room")).collect();
    for (number, job) in (0..).zip(jobs) {
        match job.wait() {
            Ok(it) => assert_eq!(it, number),
            outcome => {
                assert_eq!(number, MANY / 2, "{outcome:?}");
                death(outcome);
            }
        }
    }
    let traces = traces(&flag);
    assert_eq!(traces.len() as u64, MANY - 1);
    assert!(traces.values().all(|times| *times == 1), "each ran once");
}

#[test]
fn a_job_that_was_dequeued_never_ran_and_every_other_ran_once() {
    let (pool, flag) = (roomy(2), Flag::new());
    warm_up(&pool);
    let jobs: Vec<_> =
        (0..MANY).map(|number| pool.try_submit(call(trace, (flag.path(), number))).expect("room")).collect();
    // The youngest are queued, the oldest have ended, and somewhere between is what was sent ahead.
    let cancelled: Vec<Cancel> = jobs.iter().rev().map(Job::cancel).collect();
    let outcomes: Vec<_> = jobs.into_iter().map(Job::wait).collect();
    let traces = traces(&flag);
    for (number, (outcome, cancel)) in (0..).zip(outcomes.iter().zip(cancelled.into_iter().rev())) {
        let ran = traces.get(&number).copied().unwrap_or(0);
        match (cancel, outcome) {
            (Cancel::Dequeued, Err(JobError::Cancelled { started: false })) => assert_eq!(ran, 0),
            (Cancel::Signalled, Err(JobError::Cancelled { started: true })) => assert!(ran <= 1),
            (Cancel::AlreadyDone, Ok(it)) => assert_eq!((*it, ran), (number, 1)),
            other => panic!("{other:?}"),
        }
    }
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.died), (0, 0), "no worker had to die for it");
}

#[test]
fn large_results_panics_and_bad_results_find_their_own_jobs_among_many() {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    enum Kind {
        Small,
        Large(String),
    }
    let pool = roomy(2);
    warm_up(&pool);
    let work = |number: u64| match number % 5 {
        0 => panic!("number {number}"),
        1 => Kind::Large(number.to_string().repeat(200)),
        _ => Kind::Small,
    };
    let jobs: Vec<_> = (0..500).map(|number| pool.try_submit(call(work, number)).expect("room")).collect();
    for (number, job) in (0_u64..).zip(jobs) {
        match (number % 5, job.wait()) {
            (0, Err(JobError::Panicked(panic))) => assert_eq!(panic.message(), format!("number {number}")),
            (1, Ok(Kind::Large(text))) => assert_eq!(text, number.to_string().repeat(200)),
            (2.., Ok(Kind::Small)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pool.stats().died, 0);
}

#[test]
fn a_place_in_the_queue_is_kept_until_the_job_starts() {
    const PLACES: usize = 50;
    let pool = builder().workers(1).queue(PLACES).build().expect("a pool starts");
    for _ in 0..40 {
        let jobs: Vec<_> = (0..PLACES as u64).map(|number| submit(&pool, number)).collect();
        for job in jobs {
            job.wait().expect("it runs");
        }
    }
    let flag = Flag::new();
    let long = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let jobs: Vec<_> = std::iter::from_fn(|| pool.try_submit(call(|number: u64| number, 0)).ok()).collect();
    assert_eq!(jobs.len(), PLACES);
    for job in &jobs {
        assert_eq!(job.cancel(), Cancel::Dequeued);
    }
    long.cancel();
}

#[test]
fn a_deadline_that_passes_behind_a_long_job_withdraws_what_was_sent_ahead() {
    let pool = roomy(1);
    warm_up(&pool);
    let flag = Flag::new();
    let long = pool.try_submit(call(wait_for, flag.path())).expect("room");
    let hurried = || Submit::new().deadline(Duration::from_millis(50));
    let jobs: Vec<_> = (0..100)
        .map(|number| pool.try_submit_with(call(|number: u64| number, number), hurried()).expect("room"))
        .collect();
    for job in jobs {
        assert!(matches!(job.wait(), Err(JobError::Deadline { started: false })));
    }
    raise(&flag.path());
    long.wait().expect("nobody stopped it");
    assert_eq!(pool.stats().died, 0);
}

#[test]
fn a_shutdown_that_drains_what_has_started_withdraws_what_was_sent_ahead() {
    let (pool, flag) = (roomy(2), Flag::new());
    warm_up(&pool);
    let jobs: Vec<_> =
        (0..MANY).map(|number| pool.try_submit(call(trace, (flag.path(), number))).expect("room")).collect();
    let report = pool.shutdown(Drain::Started, LONG);
    let mut withdrawn = 0;
    let traces = traces(&flag);
    for (number, job) in (0..).zip(jobs) {
        match job.wait() {
            Ok(it) => assert_eq!((it, traces.get(&number)), (number, Some(&1))),
            Err(JobError::Shutdown { started: false }) => {
                assert_eq!(traces.get(&number), None);
                withdrawn += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((report.stragglers.len(), report.cancelled), (0, withdrawn));
}

#[test]
fn a_worker_serves_as_many_jobs_as_it_may_and_no_more_though_many_wait() {
    let recycle = Recycle::after(7);
    let pool = builder().workers(2).queue(1000).recycle(recycle).build().expect("a pool starts");
    let pid = |(): ()| std::process::id();
    let jobs: Vec<_> = (0..200).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    let mut served: BTreeMap<u32, u32> = BTreeMap::new();
    for job in jobs {
        *served.entry(job.wait().expect("it runs")).or_default() += 1;
    }
    assert!(served.values().all(|jobs| *jobs <= 7), "{served:?}");
}

#[test]
fn a_worker_that_grew_too_large_begins_nothing_more_of_what_it_was_sent() {
    let recycle = Recycle::never().memory_above(1);
    let pool = builder().workers(1).queue(1000).recycle(recycle).build().expect("a pool starts");
    let pid = |(): ()| std::process::id();
    let jobs: Vec<_> = (0..60).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    let pids: std::collections::BTreeSet<u32> =
        jobs.into_iter().map(|job| job.wait().expect("it runs")).collect();
    assert!(pids.len() > 5, "it was replaced: {pids:?}");
}

/// A job: writes over every ring of this worker, as a bug would.
fn scribble(number: u64) -> u64 {
    if number != 700 {
        return number;
    }
    let maps = fs::read_to_string("/proc/self/maps").expect("it is there");
    let mut memory = fs::OpenOptions::new().write(true).open("/proc/self/mem").expect("it is ours");
    for line in maps.lines().filter(|line| line.contains("memfd:anyloop") && line.contains("rw-s")) {
        use std::io::{Seek, SeekFrom};
        let (from, rest) = line.split_once('-').expect("a range");
        let to = rest.split(' ').next().expect("its end");
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).expect("an address"));
        memory.seek(SeekFrom::Start(from)).expect("it is mapped");
        memory.write_all(&vec![0xA5; (to - from) as usize]).expect("it may be written");
    }
    number
}

#[test]
fn a_worker_that_writes_over_its_ring_fails_its_own_jobs_and_is_replaced() {
    let pool = roomy(1);
    warm_up(&pool);
    let jobs: Vec<_> =
        (0..1000).map(|number| pool.try_submit(call(scribble, number)).expect("room")).collect();
    let outcomes: Vec<_> = jobs.into_iter().map(Job::wait).collect();
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert!((1..=128).contains(&failed), "{failed} of those that were in the ring");
    let fits = |(number, outcome): (u64, &Result<u64, JobError>)| {
        matches!(outcome, Ok(it) if *it == number)
            || matches!(outcome, Err(JobError::Codec(_) | JobError::WorkerDied(_)))
    };
    assert!((0..).zip(&outcomes).all(fits), "{outcomes:?}");
    pid_of(&pool);
    assert_eq!(pool.stats().died, 1);
}

#[test]
fn killing_workers_amid_many_jobs_that_may_be_run_again_loses_none() {
    let pool = roomy(2);
    warm_up(&pool);
    let work = |number: u64| {
        if number % 500 == 250 && std::process::id().is_multiple_of(2) {
            std::process::abort();
        }
        number
    };
    let jobs: Vec<_> = (0..MANY)
        .map(|number| pool.try_submit(call(work, number).retry_on_death(50)).expect("room"))
        .collect();
    for (number, job) in (0..).zip(jobs) {
        assert_eq!(job.wait().expect("some worker has an odd number"), number);
    }
}

#[test]
fn a_stopped_worker_keeps_one_job_at_most_from_the_others() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let pool = roomy(2);
    warm_up(&pool);
    let flags = [Flag::new(), Flag::new()];
    let both: Vec<_> =
        flags.iter().map(|flag| pool.try_submit(call(pid_after, flag.path())).expect("room")).collect();
    flags.iter().for_each(|flag| raise(&flag.path()));
    let pids: Vec<u32> = both.into_iter().map(|job| job.wait().expect("it runs")).collect();
    let stopped = Pid::from_raw(pids[0].cast_signed());
    kill(stopped, Signal::SIGSTOP).expect("it lives");
    let jobs: Vec<_> = (0..MANY).map(|number| submit(&pool, number)).collect();
    until("all but what the stopped one may have", || jobs.iter().filter(|job| !job.done()).count() <= 1);
    kill(stopped, Signal::SIGCONT).expect("it lives");
    for job in jobs {
        job.wait().expect("it runs");
    }
}

/// A job: which process it is, once the flag is there.
fn pid_after(path: String) -> u32 {
    wait_for(path);
    std::process::id()
}
