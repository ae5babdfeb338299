//! A system that refuses descriptors or processes: the pool waits for better times, and says so if they do not come.

use crate::help::{builder, pid, pid_of, pool, sigkill, until};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use process_executor::{Builder, ExecutorExt, JobError, ProcessPool, Reject, call};
use std::time::Duration;

/// Runs a scene in a process of its own, so that what it does to limits is nobody else's.
macro_rules! play {
    ($scene:expr) => {
        let job = pool(1).try_submit(call($scene, ())).expect("room");
        assert_eq!(job.wait().expect("it runs"), Ok(()));
    };
}

/// No descriptor more than there are now. Gives the limit to set back.
fn no_more_descriptors() -> (u64, u64) {
    let before = getrlimit(Resource::RLIMIT_NOFILE).expect("it can be read");
    // The lowest number that is free is the limit: numbers below it that are free would still be given.
    let free = std::fs::File::open("/dev/null").expect("there is one left");
    let lowest = std::os::fd::AsRawFd::as_raw_fd(&free);
    drop(free);
    setrlimit(Resource::RLIMIT_NOFILE, lowest as u64, before.1).expect("it can be lowered");
    before
}

fn inner(builder: Builder) -> Result<ProcessPool, String> {
    builder.workers(1).build().map_err(|error| error.to_string())
}

fn short_of_descriptors_for_a_while((): ()) -> Result<(), String> {
    let pool = inner(builder())?;
    let first = pid_of(&pool);
    // A job must not need a descriptor, and it is there before they are short.
    let (soft, hard) = no_more_descriptors();
    sigkill(first);
    let waits = pool.try_submit(call(pid, ())).map_err(|rejected| rejected.to_string())?;
    // Long enough for more than the five tries that a program gets that does not work.
    std::thread::sleep(Duration::from_millis(300));
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).map_err(|error| error.to_string())?;
    match waits.wait() {
        Ok(second) if second != first => Ok(()),
        // The first was not dead yet when it was given the job.
        Err(JobError::WorkerDied(_)) => {
            (pid_of(&pool) != first).then_some(()).ok_or("not replaced".to_owned())
        }
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn a_short_lack_of_descriptors_does_not_break_the_pool() {
    play!(short_of_descriptors_for_a_while);
}

fn short_of_descriptors_for_good((): ()) -> Result<(), String> {
    let pool = inner(builder().start_within(Duration::from_secs(1)))?;
    let first = pid_of(&pool);
    no_more_descriptors();
    sigkill(first);
    loop {
        let waits = match pool.try_submit(call(pid, ())) {
            Ok(waits) => waits,
            Err(rejected) => {
                let words = rejected.why.to_string();
                return matches!(rejected.why, Reject::Broken(_)).then_some(()).ok_or(words);
            }
        };
        match waits.wait() {
            Err(JobError::WorkerDied(_)) => {}
            Err(JobError::Rejected(Reject::Broken(why))) if why.to_string().contains("ulimit -n") => {
                return Ok(());
            }
            other => return Err(format!("{other:?}")),
        }
    }
}

#[test]
fn a_lasting_lack_of_descriptors_breaks_the_pool_with_the_cure() {
    play!(short_of_descriptors_for_good);
}

fn no_descriptor_to_begin_with((): ()) -> Result<(), String> {
    no_more_descriptors();
    match inner(builder()) {
        Err(words) if words.contains("ulimit -n") || words.contains("supervisor") => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn a_pool_without_descriptors_to_begin_with_says_so() {
    play!(no_descriptor_to_begin_with);
}

/// Root may have as many processes as it likes, so it becomes somebody else first. The one process that the limit leaves room
/// for is this one.
fn no_process_to_begin_with((): ()) -> Result<(), String> {
    let nobody = 54_321;
    if nix::unistd::geteuid().is_root() {
        nix::unistd::setuid(nobody.into()).map_err(|error| error.to_string())?;
    }
    setrlimit(Resource::RLIMIT_NPROC, 0, 0).map_err(|error| error.to_string())?;
    match inner(builder()) {
        Err(words) if words.contains("Resource temporarily unavailable") => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn a_pool_that_may_start_no_process_says_so() {
    play!(no_process_to_begin_with);
}

#[test]
fn a_pool_that_lost_a_worker_goes_on_with_the_others_meanwhile() {
    // The same as above, but one worker is left: it does all the work.
    fn scene((): ()) -> Result<(), String> {
        let pool = builder().workers(2).start_within(Duration::from_secs(1)).build();
        let pool = pool.map_err(|error| error.to_string())?;
        until("both are ready", || pool.stats().idle == 2);
        let first = pid_of(&pool);
        no_more_descriptors();
        sigkill(first);
        until("it is buried", || pool.stats().workers == 1);
        std::thread::sleep(Duration::from_millis(1500));
        (pid_of(&pool) != first).then_some(()).ok_or("not the other".to_owned())
    }
    play!(scene);
}
