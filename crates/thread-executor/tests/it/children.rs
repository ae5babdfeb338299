//! What ends a process, or would: tried in a child, which is this very program once more.

use crate::{LONG, count, start};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thread_executor::{ExecutorExt, Reject, Submit, ThreadPool};

/// Set in the child.
const CHILD: &str = "THREAD_EXECUTOR_CHILD";

/// Whether this is the child of the test of this name; else runs it, and it must end well, soon.
fn in_child(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .spawn()
        .expect("this program starts once more");
    let begin = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("it is our child") {
            break ended;
        }
        if begin.elapsed() > LONG {
            child.kill().expect("it is our child");
            panic!("the child hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(ended.success(), "the child ended with {ended}");
    false
}

#[test]
fn a_program_that_ends_does_not_hang_on_its_pools() {
    if in_child("children::a_program_that_ends_does_not_hang_on_its_pools") {
        let pool = ThreadPool::new(count(1));
        start(&pool, || {
            loop {
                std::thread::park();
            }
        })
        .detach();
        start(&pool, || ()).detach();
        // With the pool alive, a job that never ends, and one behind it.
        std::process::exit(0);
    }
}

/// The system gives no more threads, from now on, or does again.
#[cfg(target_os = "linux")]
fn give_threads(gives: bool) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::unistd::{Uid, setuid};

    let (_, hard) = getrlimit(Resource::RLIMIT_NPROC).expect("it may be asked");
    setrlimit(Resource::RLIMIT_NPROC, if gives { hard } else { 1 }, hard).expect("a limit may be lowered");
    if Uid::effective().is_root() {
        // No limit holds for root. Nobody has the threads of this very program, so one is too many already.
        setuid(Uid::from_raw(65_534)).expect("root may become anybody");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_system_gives_no_thread_work_is_refused_and_comes_back() {
    if !in_child("children::where_the_system_gives_no_thread_work_is_refused_and_comes_back") {
        return;
    }
    let pool = ThreadPool::new(count(2));
    give_threads(false);
    let refused = pool.try_submit(|| 7).expect_err("there is no thread for it");
    let Reject::Broken(why) = &refused.why else { panic!("{}", refused.why) };
    assert!(why.to_string().contains("raise the limit"), "{why}");
    assert_eq!((refused.into_work())(), 7);
    let timed = Submit::new().deadline(LONG);
    let refused =
        thread_executor::Executor::try_submit_with(&pool, || 8, timed).expect_err("nor for its deadline");
    assert_eq!((refused.into_work())(), 8);
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.queued, stats.submitted), (0, 0, 0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_waits_where_the_system_gives_no_thread_asks_for_one_until_it_does() {
    if !in_child("children::a_worker_that_waits_where_the_system_gives_no_thread_asks_for_one_until_it_does")
    {
        return;
    }
    let pool = ThreadPool::new(count(1));
    let within = pool.clone();
    let outer = start(&pool, move || {
        give_threads(false);
        let mut inner = start(&within, || 7);
        let bounded = inner.wait_timeout(Duration::from_millis(100));
        assert!(bounded.is_none(), "there is no thread for it");
        give_threads(true);
        crate::output(inner)
    });
    assert_eq!(crate::output(outer), 7);
}

#[cfg(target_os = "linux")]
#[test]
fn a_job_that_no_thread_can_be_had_for_while_all_wait_is_run_when_one_can() {
    if !in_child("children::a_job_that_no_thread_can_be_had_for_while_all_wait_is_run_when_one_can") {
        return;
    }
    let pool = ThreadPool::new(count(1));
    let (promise, promised) = contract::Job::promise(&Submit::new(), contract::Place::none(), ());
    let waits = start(&pool, move || promised.wait().expect("it has an output"));
    give_threads(false);
    let fulfils = start(&pool, move || promise.finish(Ok(7)));
    give_threads(true);
    crate::output(fulfils);
    assert_eq!(crate::output(waits), 7);
}
