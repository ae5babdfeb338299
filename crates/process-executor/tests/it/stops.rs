//! Deadlines and cancels, in the queue and on a worker.

use crate::help::{Flag, LONG, builder, hang, pid, pool, raise};
use process_executor::{
    Cancel, Executor, ExecutorExt, JobError, ProcessPool, Reject, StopToken, Submit, call, checkpoint,
    current,
};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(30);

/// A job that returns as soon as it is asked to.
fn obey(path: String) -> bool {
    raise(&path);
    let me = current().expect("in a worker");
    while !me.is_cancelled() {
        std::thread::yield_now();
    }
    true
}

fn pid_of(pool: &ProcessPool) -> u32 {
    pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs")
}

#[test]
fn a_queued_job_is_cancelled_at_once_and_frees_its_place() {
    let pool = builder().workers(1).queue(1).build().expect("a pool");
    let flag = Flag::new();
    let running = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let queued = pool.try_submit(call(pid, ())).expect("room");
    let refused = pool.try_submit(call(|n: u8| n, 9)).expect_err("the queue is full");
    assert!(matches!(refused.why, Reject::Full));
    assert_eq!(refused.into_work().into_argument(), 9);
    assert_eq!(queued.cancel(), Cancel::Dequeued);
    assert!(matches!(queued.wait(), Err(JobError::Cancelled { started: false })));
    let next = pool.try_submit(call(|n: u8| n, 5)).expect("the place is free");
    assert_eq!(running.cancel(), Cancel::Signalled);
    assert_eq!(next.wait().expect("it runs"), 5);
    assert!(matches!(running.wait(), Err(JobError::Cancelled { started: true })));
}

#[test]
fn a_running_job_that_obeys_a_cancel_keeps_its_worker() {
    let pool = builder().workers(1).grace(crate::help::LONG).build().expect("a pool");
    let flag = Flag::new();
    let job = pool.try_submit(call(obey, flag.path())).expect("room");
    let worker = flag.wait();
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert!(matches!(job.wait(), Err(JobError::Cancelled { started: true })));
    assert_eq!(pid_of(&pool), worker);
}

#[test]
fn a_running_job_that_does_not_obey_costs_its_worker_and_no_other() {
    let pool = builder().workers(2).grace(SOON).build().expect("a pool");
    let flags = [Flag::new(), Flag::new()];
    let stays = pool.try_submit(call(obey, flags[0].path())).expect("room");
    let goes = pool.try_submit(call(hang, flags[1].path())).expect("room");
    let (kept, killed) = (flags[0].wait(), flags[1].wait());
    goes.cancel();
    assert!(matches!(goes.wait(), Err(JobError::Cancelled { started: true })));
    crate::help::until("its worker is gone", || !crate::help::alive(killed));
    assert!(crate::help::alive(kept) && stays.running());
    stays.cancel();
    assert!(matches!(stays.wait(), Err(JobError::Cancelled { started: true })));
}

#[test]
fn what_a_killed_job_has_started_goes_with_it() {
    let pool = builder().workers(1).grace(SOON).build().expect("a pool");
    let flag = Flag::new();
    let starts = |path: String| {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().expect("it starts");
        std::fs::write(format!("{path}.child"), child.id().to_string()).expect("written");
        raise(&path);
        child.wait().expect("it ends").success()
    };
    let job = pool.try_submit(call(starts, flag.path())).expect("room");
    flag.wait();
    let note = format!("{}.child", flag.path());
    let child: u32 = std::fs::read_to_string(&note).expect("written").parse().expect("a number");
    let _ = std::fs::remove_file(note);
    assert!(crate::help::alive(child));
    job.cancel();
    crate::help::until("the grandchild is gone", || !crate::help::alive(child));
}

#[test]
fn a_deadline_in_the_queue_withdraws_the_job() {
    let pool = builder().workers(1).build().expect("a pool");
    let flags = [Flag::new(), Flag::new()];
    let running = pool.try_submit(call(hang, flags[0].path())).expect("room");
    flags[0].wait();
    let late = Submit::new().deadline(SOON);
    let queued = pool.try_submit_with(call(hang, flags[1].path()), late).expect("room");
    assert!(matches!(queued.wait(), Err(JobError::Deadline { started: false })));
    running.cancel();
    pid_of(&pool);
    assert!(!std::path::Path::new(&flags[1].path()).exists(), "it never ran");
}

/// Runs a job that hangs until its deadline, which must be told as such, with a clone of `guard` attached. Gives the worker that
/// it ran on.
fn hangs_beyond_its_deadline<G: Clone + Send + 'static>(pool: &ProcessPool, guard: G) -> u32 {
    // On a slow machine the deadline may come before the job has begun: then once more, with more time.
    for doublings in 0.. {
        let (flag, begun) = (Flag::new(), Instant::now());
        let options = Submit::new().deadline(Duration::from_millis(200 << doublings));
        let job = pool.try_submit_with(call(hang, flag.path()), options).expect("room");
        job.attach(guard.clone());
        let mut job = job;
        let outcome = job.wait_timeout(Duration::from_millis(200 << doublings) + crate::help::LONG);
        match outcome.expect("it is told at once") {
            Err(JobError::Deadline { started: true }) if flag.is_raised() => return flag.wait(),
            Err(JobError::Deadline { .. }) => {}
            other => panic!("after {:?}: {other:?}", begun.elapsed()),
        }
    }
    unreachable!("there is no last number")
}

#[test]
fn a_deadline_on_a_worker_is_told_at_once_and_kills_after_the_grace() {
    let pool = builder().workers(1).grace(SOON).build().expect("a pool");
    let worker = hangs_beyond_its_deadline(&pool, ());
    assert_ne!(pid_of(&pool), worker);
    crate::help::until("its worker is gone", || !crate::help::alive(worker));
}

#[test]
fn a_job_that_obeys_its_deadline_keeps_its_worker() {
    let pool = builder().workers(1).grace(crate::help::LONG).build().expect("a pool");
    let flag = Flag::new();
    let job =
        pool.try_submit_with(call(obey, flag.path()), Submit::new().deadline(Duration::from_millis(200)));
    // The deadline may pass before it begins; then nothing was asked of the worker.
    match job.expect("room").wait() {
        Err(JobError::Deadline { started: true }) => {
            assert_eq!(pid_of(&pool), flag.wait());
        }
        other => assert!(matches!(other, Err(JobError::Deadline { started: false })), "{other:?}"),
    }
}

#[test]
fn a_deadline_that_has_passed_already_refuses_the_work() {
    let pool = pool(1);
    let options = Submit::new().deadline(Duration::ZERO);
    let rejected = pool.try_submit_with(call(|n: u8| n, 3), options).expect_err("too late");
    assert!(matches!(rejected.why, Reject::DeadlinePassed));
    assert_eq!(rejected.into_work().into_argument(), 3);
}

#[test]
fn a_guard_is_kept_until_the_worker_has_really_stopped() {
    let pool = builder().workers(1).grace(SOON).build().expect("a pool");
    let (guard, gone) = std::sync::mpsc::channel::<()>();
    let worker = hangs_beyond_its_deadline(&pool, guard);
    assert!(gone.recv().is_err(), "the guard is dropped");
    assert!(!crate::help::alive(worker));
}

#[test]
fn nobody_is_in_a_job_outside_a_worker() {
    assert!(current().is_none());
}

/// A job: closes its worker's line to the pool, and never returns.
fn hang_up(path: String) -> u32 {
    nix::unistd::close(3).expect("it was open");
    hang(path)
}

#[test]
fn a_worker_without_its_line_is_not_given_the_grace_of_a_cancel() {
    let pool = builder().workers(1).grace(Duration::MAX).build().expect("a pool");
    let flag = Flag::new();
    let mut job = pool.try_submit(call(hang_up, flag.path())).expect("room");
    flag.wait();
    job.cancel();
    let outcome = job.wait_timeout(crate::help::LONG).expect("it is killed");
    assert!(matches!(outcome, Err(JobError::Cancelled { started: true })), "{outcome:?}");
}

/// A job: goes on until it is asked to stop, and writes down by what.
fn checks(path: String) -> Result<(), String> {
    raise(&path);
    let token = StopToken::current();
    let why = loop {
        if let Err(why) = checkpoint() {
            break why;
        }
        std::thread::yield_now();
    };
    let elsewhere = std::thread::spawn(move || token.checkpoint()).join().expect("it asks");
    assert_eq!((elsewhere, current().expect("in a worker").checkpoint()), (Err(why), Err(why)));
    std::fs::write(format!("{path}.why"), format!("{why:?}")).map_err(|why| why.to_string())
}

#[test]
fn a_job_that_asks_learns_that_it_should_stop_and_why_and_its_worker_is_kept() {
    let pool = builder().workers(1).grace(LONG).build().expect("a pool");
    let before = pid_of(&pool);
    for deadline in [None, Some(SOON)] {
        let flag = Flag::new();
        let options = deadline.map_or_else(Submit::new, |after| Submit::new().deadline(after));
        let job = pool.try_submit_with(call(checks, flag.path()), options).expect("room");
        let expected = match deadline {
            None => {
                flag.wait();
                assert_eq!(job.cancel(), Cancel::Signalled);
                assert!(matches!(job.wait(), Err(JobError::Cancelled { started: true })));
                "Cancelled"
            }
            Some(_) => {
                let ended = job.wait();
                if matches!(ended, Err(JobError::Deadline { started: false })) {
                    // It was too late before it began, on a machine that stood still.
                    continue;
                }
                assert!(matches!(ended, Err(JobError::Deadline { started: true })), "{ended:?}");
                "Deadline"
            }
        };
        assert_eq!(pid_of(&pool), before, "the next job finds the worker as it was");
        let why = format!("{}.why", flag.path());
        assert_eq!(std::fs::read_to_string(&why).expect("it was written"), expected);
        let _ = std::fs::remove_file(why);
    }
    assert_eq!(checkpoint(), Ok(()), "outside of any job");
}

#[test]
fn statistics_tell_how_long_jobs_waited_and_ran() {
    let pool = builder().workers(1).queue(2000).build().expect("a pool");
    let flag = Flag::new();
    let waits = |path: String| crate::help::until("it is raised", || std::fs::exists(&path).unwrap_or(false));
    let long = pool.try_submit(call(waits, flag.path())).expect("room");
    let jobs: Vec<_> = (0..1000).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    // All of them wait for this.
    std::thread::sleep(SOON);
    raise(&flag.path());
    long.wait().expect("it runs");
    for job in jobs {
        job.wait().expect("it runs");
    }
    let stats = pool.stats();
    assert_eq!((stats.wait.count(), stats.run.count()), (1001, 1001));
    assert!(stats.run.quantile(1.0) >= Some(SOON), "{:?}", stats.run);
    let long = stats.wait.buckets().filter(|(upto, _)| *upto >= SOON).map(|(_, count)| count).sum::<u64>();
    assert!((1000..=1001).contains(&long), "{:?}", stats.wait);
}
