//! What a worker finds around it, what it may take, and what it gives up.

use crate::help::{builder, death, pid_of, pool, until};
use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use process_executor::{
    ExecutorExt, Exit, JobError, Limit, OutOfMemory, ProcessPool, StartError, Stderr, Stdout, call,
};

fn variable(name: String) -> Option<String> {
    std::env::var(name).ok()
}

#[track_caller]
fn ask(pool: &ProcessPool, name: &str) -> Option<String> {
    pool.try_submit(call(variable, name.to_owned())).expect("room").wait().expect("it runs")
}

#[test]
fn workers_inherit_the_environment_but_for_what_is_said_otherwise() {
    let named =
        builder().workers(1).env("ANYLOOP_TEST", "yes").env("ANYLOOP_GONE", "x").env_remove("ANYLOOP_GONE");
    let pool = named.build().expect("a pool");
    assert_eq!(ask(&pool, "ANYLOOP_TEST").as_deref(), Some("yes"));
    assert_eq!(ask(&pool, "ANYLOOP_GONE"), None);
    assert_eq!(ask(&pool, "PATH"), std::env::var("PATH").ok());
    let pool = builder().workers(1).env_clear().env("LC_ALL", "C").build().expect("a pool");
    let all =
        |()| std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect::<Vec<_>>();
    assert_eq!(pool.try_submit(call(all, ())).expect("room").wait().expect("it runs"), ["LC_ALL"]);
}

#[test]
fn workers_begin_in_the_folder_that_was_named() {
    let pool = builder().workers(1).current_dir("/").build().expect("a pool");
    let here = |()| std::env::current_dir().expect("there is one").display().to_string();
    assert_eq!(pool.try_submit(call(here, ())).expect("room").wait().expect("it runs"), "/");
    let error = builder().workers(1).current_dir("/no/such/folder").build().map(drop).expect_err("no folder");
    assert!(matches!(error, StartError::Spawn(_)), "{error}");
}

#[test]
fn a_backtrace_comes_back_if_the_environment_asks_for_one() {
    for (asked, value) in [(true, "1"), (false, "0")] {
        let pool = builder().workers(1).env("RUST_BACKTRACE", value).build().expect("a pool");
        let panics = pool.try_submit(call(|()| -> u8 { panic!("look behind you") }, ())).expect("room");
        let Err(JobError::Panicked(panic)) = panics.wait() else { panic!("it panicked") };
        assert_eq!(panic.backtrace().is_some(), asked, "{:?}", panic.backtrace());
        assert!(panic.backtrace().is_none_or(|it| it.contains("a_backtrace_comes_back")), "its own frames");
    }
}

fn limit(which: i32) -> (u64, u64) {
    let resource = if which == 0 { Resource::RLIMIT_CORE } else { Resource::RLIMIT_NOFILE };
    getrlimit(resource).expect("it can be read")
}

#[test]
fn limits_are_imposed_before_the_first_job_and_a_core_file_is_not_left() {
    let pool = builder().workers(1).rlimit(Limit::Descriptors, 50).build().expect("a pool");
    let ask = |which: i32| pool.try_submit(call(limit, which)).expect("room").wait().expect("it runs");
    assert_eq!((ask(0).0, ask(1)), (0, (50, 50)));
}

#[test]
fn a_limit_that_cannot_be_imposed_is_an_error_and_never_a_weaker_limit() {
    // More than the kernel lets anybody have, root included.
    let error = builder()
        .workers(1)
        .rlimit(Limit::Descriptors, u64::MAX - 1)
        .build()
        .map(drop)
        .expect_err("too many");
    assert!(error.to_string().contains("its limits"), "{error}");
}

#[test]
fn a_worker_and_what_it_starts_gain_no_rights_and_die_first_when_memory_runs_out() {
    let status = |()| {
        let status = std::fs::read_to_string("/proc/self/status").expect("it is mounted");
        let score = std::fs::read_to_string("/proc/self/oom_score_adj").expect("it is mounted");
        let line =
            status.lines().find_map(|line| line.strip_prefix("NoNewPrivs:")).map(|it| it.trim().to_owned());
        (line, score.trim().parse::<i32>().expect("a number"))
    };
    let mine: i32 = std::fs::read_to_string("/proc/self/oom_score_adj")
        .expect("it is mounted")
        .trim()
        .parse()
        .expect("a number");
    let pool = builder().workers(1).build().expect("a pool");
    let (privs, score) = pool.try_submit(call(status, ())).expect("room").wait().expect("it runs");
    assert_eq!((privs.as_deref(), score), (Some("1"), (mine + 300).min(1000)));
    let pool = builder().workers(1).no_new_privs(false).oom_score(0).build().expect("a pool");
    let (_, score) = pool.try_submit(call(status, ())).expect("room").wait().expect("it runs");
    assert_eq!(score, mine);
}

#[test]
fn a_job_that_takes_more_memory_than_its_worker_may_is_told_apart_from_other_deaths() {
    let pool = builder().workers(1).memory(2 << 30).build().expect("a pool");
    let before = pid_of(&pool);
    let takes = |len: usize| vec![1_u8; len].len();
    let death = death(pool.try_submit(call(takes, 8 << 30)).expect("room").wait());
    assert_eq!(death.out_of_memory, OutOfMemory::Refused, "{death}");
    assert!(matches!(death.exit, Exit::Signal { number: libc::SIGABRT, .. }), "{death}");
    assert_ne!(pid_of(&pool), before);
}

#[test]
fn a_job_that_takes_more_processor_time_than_its_worker_may_is_killed_by_the_kernel() {
    let pool = builder().workers(1).rlimit(Limit::ProcessorSeconds, 1).build().expect("a pool");
    let death = death(pool.try_submit(call(crate::help::spin, ())).expect("room").wait());
    let by_the_limit = [libc::SIGXCPU, libc::SIGKILL];
    assert!(matches!(death.exit, Exit::Signal { number, .. } if by_the_limit.contains(&number)), "{death}");
}

#[test]
fn standard_output_may_go_the_way_of_standard_error() {
    let pool = builder().workers(1).stdout(Stdout::ToStderr).stderr(Stderr::Keep).build().expect("a pool");
    let speaks = |()| {
        println!("on the one");
        eprintln!("on the other");
        std::process::abort()
    };
    let tail = death::<()>(pool.try_submit(call(speaks, ())).expect("room").wait()).stderr_tail;
    assert_eq!(tail, "on the one\non the other\n");
    let pool = builder().workers(1).stdout(Stdout::Discard).build().expect("a pool");
    let target = |()| std::fs::read_link("/proc/self/fd/1").expect("it is open").display().to_string();
    assert_eq!(pool.try_submit(call(target, ())).expect("room").wait().expect("it runs"), "/dev/null");
}

#[test]
fn a_job_that_prints_a_gigabyte_to_standard_error_holds_nobody_up_and_costs_no_memory() {
    let pool = builder().workers(2).stderr(Stderr::Keep).stderr_tail(64).build().expect("a pool");
    let chats = |()| {
        use std::io::Write;
        let (line, mut out) = ([b'x'; 1 << 16], std::io::stderr());
        for _ in 0..1 << 14 {
            out.write_all(&line).expect("it is read");
        }
        out.write_all(b"\nthe end\n").expect("it is read");
        std::process::abort()
    };
    let chatterbox = pool.try_submit(call(chats, ())).expect("room");
    for n in 0..20_u32 {
        assert_eq!(pool.try_submit(call(|n: u32| n, n)).expect("room").wait().expect("it runs"), n);
    }
    let tail = death::<()>(chatterbox.wait()).stderr_tail;
    assert!(tail.len() == 64 && tail.ends_with("\nthe end\n"), "{tail}");
}

#[test]
fn a_job_that_closes_its_input_harms_nobody() {
    let pool = pool(1);
    let closes = |()| nix::unistd::close(0).is_ok();
    let before = pid_of(&pool);
    assert!(pool.try_submit(call(closes, ())).expect("room").wait().expect("it runs"));
    // Now 0 is the lowest number that is free: what the next job opens gets it.
    let opens = |()| std::os::fd::AsRawFd::as_raw_fd(&std::fs::File::open("/dev/null").expect("it is there"));
    assert_eq!(pool.try_submit(call(opens, ())).expect("room").wait().expect("it runs"), 0);
    assert_eq!(pid_of(&pool), before);
}

/// A job: starts a process that leaves the group of the worker, and waits for ever.
fn starts_one_that_leaves(path: String) -> u32 {
    let script = format!("echo $$ > {path}.draft; mv {path}.draft {path}; exec sleep 1000");
    let mut leaver = std::process::Command::new("setsid");
    let mut child = leaver.args(["sh", "-c", &script]).spawn().expect("it starts");
    let _ = child.wait();
    child.id()
}

#[test]
fn a_child_that_left_the_group_of_a_killed_worker_is_killed_as_well() {
    let pool = builder().workers(1).grace(std::time::Duration::ZERO).build().expect("a pool");
    let flag = crate::help::Flag::new();
    let job = pool.try_submit(call(starts_one_that_leaves, flag.path())).expect("room");
    until("it has written its number", || flag.is_raised());
    let child: u32 =
        std::fs::read_to_string(flag.path()).expect("it is there").trim().parse().expect("a process id");
    assert!(crate::help::alive(child));
    job.cancel();
    assert!(matches!(job.wait(), Err(JobError::Cancelled { started: true })));
    until("it is gone", || !crate::help::alive(child));
}

#[test]
fn what_a_job_has_started_goes_with_a_worker_that_crashes() {
    let pool = pool(1);
    let crashes = |path: String| {
        let child = std::process::Command::new("sleep").arg("1000").spawn().expect("it starts");
        std::fs::write(path, child.id().to_string()).expect("written");
        std::process::abort()
    };
    let flag = crate::help::Flag::new();
    death::<()>(pool.try_submit(call(crashes, flag.path())).expect("room").wait());
    let child = flag.wait();
    until("it is gone", || !crate::help::alive(child));
}
