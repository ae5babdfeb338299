//! How many workers there are: growing, shrinking, initializers, spares, recycling, and the numbers about it.

use crate::help::{Flag, LONG, builder, hang, pid, pid_of, pool, raise, sigkill, until};
use process_executor::{
    Drain, ExecutorExt, JobError, ProcessPool, Recycle, Reject, Shutdown, StartError, Stats, call,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Keeps all of its workers busy until told otherwise.
fn occupy(pool: &ProcessPool, jobs: usize) -> Vec<process_executor::Job<u32>> {
    let flags: Vec<_> = (0..jobs).map(|_| Flag::new()).collect();
    let busy: Vec<_> =
        flags.iter().map(|flag| pool.try_submit(call(hang, flag.path())).expect("room")).collect();
    for flag in &flags {
        flag.wait();
    }
    busy
}

#[test]
fn workers_beyond_the_fewest_leave_when_they_have_nothing_to_do() {
    let pool = builder()
        .workers(1..=3)
        .grace(Duration::ZERO)
        .idle_timeout(Duration::from_millis(20))
        .build()
        .expect("a pool");
    let busy = occupy(&pool, 3);
    assert_eq!(pool.stats().workers, 3);
    // They are killed with their jobs; others come for the jobs that follow, and leave.
    for job in &busy {
        job.cancel();
    }
    let jobs: Vec<_> = (0..50).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    let pids: BTreeSet<u32> = jobs.into_iter().map(|job| job.wait().expect("it runs")).collect();
    assert!(pids.len() <= 3);
    until("all but one have left", || pool.stats().workers == 1 && pool.stats().idle == 1);
    pid_of(&pool);
}

#[test]
fn the_fewest_stay_however_long_they_have_nothing_to_do() {
    let pool = builder().workers(2..=4).idle_timeout(Duration::ZERO).build().expect("a pool");
    until("both are ready", || pool.stats().idle == 2);
    for _ in 0..20 {
        pid_of(&pool);
    }
    assert!(pool.stats().started <= 4, "they do not come and go: {:?}", pool.stats());
}

static PREPARED: AtomicU32 = AtomicU32::new(0);

#[test]
fn the_initializer_runs_once_in_each_worker_before_its_first_job() {
    let initialized = builder().workers(2).initializer(|| {
        PREPARED.fetch_add(1, Ordering::Relaxed);
    });
    let pool = initialized.build().expect("a pool");
    let jobs: Vec<_> = (0..20)
        .map(|_| pool.try_submit(call(|()| PREPARED.load(Ordering::Relaxed), ())).expect("room"))
        .collect();
    for job in jobs {
        assert_eq!(job.wait().expect("it runs"), 1);
    }
    assert_eq!(PREPARED.load(Ordering::Relaxed), 0, "not here");
}

#[test]
fn an_initializer_that_panics_is_an_error_with_its_words() {
    let error =
        builder().workers(1).initializer(|| panic!("no model")).build().map(drop).expect_err("no worker");
    let StartError::Initializer(panic) = &error else { panic!("{error}") };
    assert!(panic.message() == "no model" && panic.location().is_some_and(|at| at.contains("crew.rs")));
}

#[test]
fn an_initializer_that_ends_its_process_is_a_crash_loop_and_one_that_hangs_is_not_initialized() {
    let dies = builder().workers(1).initializer(|| std::process::exit(9));
    let error = dies.build().map(drop).expect_err("no worker");
    assert!(matches!(error, StartError::CrashLoop { tries: 5, .. }), "{error}");
    let hangs = builder().workers(1).start_within(Duration::from_millis(300)).initializer(|| {
        crate::help::spin(());
    });
    let error = hangs.build().map(drop).expect_err("no worker");
    assert!(matches!(error, StartError::NotInitialized { .. }), "{error}");
}

/// Works in the first worker only.
fn works_once() {
    let path = std::env::temp_dir().join(format!("anyloop-once-{}", std::os::unix::process::parent_id()));
    assert!(!path.exists(), "never again");
    std::fs::write(path, "").expect("it is written");
}

/// In a job, so that the file is its own: a pool whose initializer works once.
fn loses_its_initializer((): ()) -> Result<(), String> {
    let pool = builder().workers(1).initializer(works_once).build().map_err(|error| error.to_string())?;
    let doomed = pool.try_submit(call(|()| std::process::abort(), ())).expect("room");
    let queued = pool.try_submit(call(pid, ())).expect("room");
    let _death: Result<(), JobError> = doomed.wait();
    let told = match queued.wait() {
        Err(JobError::Initializer(panic)) if panic.message() == "never again" => Ok(()),
        other => Err(format!("{other:?}")),
    };
    let file = std::env::temp_dir().join(format!("anyloop-once-{}", std::process::id()));
    std::fs::remove_file(file).map_err(|error| error.to_string())?;
    match pool.try_submit(call(pid, ())).map_err(|rejected| rejected.why) {
        Err(Reject::Broken(why)) if why.to_string().contains("never again") => told,
        other => Err(format!("{:?}", other.map(drop))),
    }
}

#[test]
fn when_the_initializer_works_no_more_whatever_waits_is_told_its_words() {
    let pool = pool(1);
    let told = pool.try_submit(call(loses_its_initializer, ())).expect("room").wait();
    assert_eq!(told.expect("it runs"), Ok(()));
}

#[test]
fn a_worker_is_replaced_after_its_jobs_and_no_job_is_lost() {
    let pool = builder().workers(1).recycle(Recycle::after(2)).build().expect("a pool");
    let jobs: Vec<_> = (0..10).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    let pids: Vec<u32> = jobs.into_iter().map(|job| job.wait().expect("it runs")).collect();
    for pair in pids.chunks(2) {
        assert_eq!(pair[0], pair[1], "{pids:?}");
    }
    assert!(pids.windows(2).skip(1).step_by(2).all(|pair| pair[0] != pair[1]), "{pids:?}");
    let works = (0..100).map(|n| call(|n: u32| n, n));
    let all: Vec<u32> =
        pool.map(works, std::num::NonZeroUsize::MIN).blocking().map(|it| it.expect("it runs")).collect();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    let stats = pool.stats();
    assert_eq!((stats.recycled, stats.died, stats.completed), (55, 0, 110), "{stats:?}");
}

#[test]
fn recycled_workers_run_every_job_of_a_pool_that_is_closing() {
    let pool = builder().workers(2).recycle(Recycle::after(3).jitter(1.0)).build().expect("a pool");
    let jobs: Vec<_> = (0..30).map(|n| pool.try_submit(call(|n: u32| n, n)).expect("room")).collect();
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
    for (n, job) in jobs.into_iter().enumerate() {
        assert_eq!(job.wait().expect("it runs"), n as u32);
    }
}

#[test]
fn a_worker_that_has_grown_too_large_is_replaced() {
    let pool = builder().workers(1).recycle(Recycle::never().memory_above(96 << 20)).build().expect("a pool");
    let first = pid_of(&pool);
    assert_eq!(pid_of(&pool), first, "it is small");
    let leaks = |()| {
        std::mem::forget(vec![1_u8; 128 << 20]);
        std::process::id()
    };
    assert_eq!(pool.try_submit(call(leaks, ())).expect("room").wait().expect("it runs"), first);
    assert_ne!(pid_of(&pool), first);
    assert_eq!(pool.stats().recycled, 1);
}

#[test]
fn a_spare_takes_the_place_of_a_worker_that_died() {
    let pool = builder().workers(1).spares(1).build().expect("a pool");
    until("there is a spare", || pool.stats().spares == 1);
    for _ in 0..5 {
        let flag = Flag::new();
        let doomed = pool.try_submit(call(hang, flag.path())).expect("room");
        sigkill(flag.wait());
        crate::help::death(doomed.wait());
        until("the spare works and another is ready", || {
            let stats = pool.stats();
            stats.spares == 1 && stats.idle == 1
        });
    }
    assert!(pool.stats().workers <= 2);
}

#[test]
fn spares_run_no_jobs_beyond_the_most_workers() {
    let pool = builder().workers(1).spares(2).build().expect("a pool");
    until("there are spares", || pool.stats().spares == 2);
    let pids: BTreeSet<u32> = (0..20).map(|_| pid_of(&pool)).collect();
    assert_eq!(pids.len(), 1);
    let busy = occupy(&pool, 1);
    let mut waits = pool.try_submit(call(pid, ())).expect("room");
    assert!(waits.wait_timeout(Duration::from_millis(50)).is_none(), "one job at a time");
    busy[0].cancel();
    waits.wait().expect("it runs");
}

#[test]
fn the_numbers_add_up() {
    let pool = builder().workers(1).grace(Duration::ZERO).build().expect("a pool");
    for n in 0..3_u32 {
        pool.try_submit(call(|n: u32| n, n)).expect("room").wait().expect("it runs");
    }
    let panics = pool.try_submit(call(|()| -> u32 { panic!("so be it") }, ())).expect("room");
    assert!(matches!(panics.wait(), Err(JobError::Panicked(_))));
    crate::help::death::<()>(pool.try_submit(call(|()| std::process::abort(), ())).expect("room").wait());
    let flag = Flag::new();
    let busy = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let queued = pool.try_submit(call(pid, ())).expect("room");
    let numbers = |stats: Stats| (stats.running, stats.queued, stats.workers, stats.idle);
    until("they are up to date", || numbers(pool.stats()) == (1, 1, 1, 0));
    queued.cancel();
    busy.cancel();
    assert!(matches!(busy.wait(), Err(JobError::Cancelled { started: true })));
    let stats = pool.stats();
    assert_eq!((stats.submitted, stats.completed, stats.panicked), (7, 3, 1), "{stats:?}");
    assert_eq!((stats.failed, stats.cancelled, stats.running, stats.queued), (2, 1, 0, 0), "{stats:?}");
    let raised = Flag::new();
    pool.try_submit(call(|path: String| raise(&path), raised.path())).expect("room").wait().expect("it runs");
}
