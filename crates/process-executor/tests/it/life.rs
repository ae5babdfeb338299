//! Life and death: nobody outlives the parent, nothing is inherited, nothing is left over.

use crate::help::{Flag, LONG, alive, builder, hang, pid, pool, sigkill, spin, until};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::unistd::{Pid, getpgid, getpgrp, getppid};
use process_executor::{Executor, ExecutorExt, ProcessPool, Submit, call};
use std::fs;

/// How many children of this process are dead and not buried.
pub(crate) fn zombies() -> usize {
    let me = std::process::id().to_string();
    let mut count = 0;
    for entry in fs::read_dir("/proc").expect("it is mounted").flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let mut fields = stat.rsplit(") ").next().unwrap_or("").split(' ');
        if fields.next() == Some("Z") && fields.next() == Some(&me) {
            count += 1;
        }
    }
    count
}

/// Descriptors of this process that lead to `kind` things, whatever other tests have open.
fn descriptors(pid: u32) -> Vec<(i32, String)> {
    let mut open: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("it lives")
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            Some((number, target.to_string_lossy().into_owned()))
        })
        .collect();
    open.sort();
    open
}

#[test]
fn a_worker_has_its_standard_streams_its_socket_and_its_lifeline() {
    let pool = pool(1);
    let flag = Flag::new();
    let _job = pool.try_submit(call(hang, flag.path())).expect("room").cancel_on_drop();
    let open = descriptors(flag.wait());
    let numbers: Vec<i32> = open.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4], "{open:?}");
    assert_eq!(open[0].1, "/dev/null");
    assert!(open[2].1.starts_with("pipe:") && open[3].1.starts_with("socket:"), "{open:?}");
    assert!(open[4].1.starts_with("pipe:"), "{open:?}");
}

/// In a job, so that no other test opens and closes descriptors of the same process.
fn descriptors_with_queued_jobs((): ()) -> (usize, usize, usize) {
    let pool = crate::help::pool(1);
    let count = || descriptors(std::process::id()).len();
    let flag = Flag::new();
    let stuck = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    let before = count();
    let queued: Vec<_> = (0..100).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    let during = count();
    stuck.cancel();
    assert!(queued.into_iter().all(|job| job.wait().is_ok()));
    let _ = stuck.wait();
    until("the count is as before", || count() <= before);
    (before, during, count())
}

#[test]
fn a_queued_job_takes_no_descriptor() {
    let pool = pool(1);
    let job = pool.try_submit(call(descriptors_with_queued_jobs, ())).expect("room");
    let (before, during, after) = job.wait().expect("it runs");
    assert_eq!((during, after), (before, before));
}

/// In a job: builds a pool whose worker burns its CPU, and tells that worker's process id. The pool stays.
fn parent_of_a_spinning_worker((): ()) -> u32 {
    let pool = Box::leak(Box::new(crate::help::pool(1)));
    let worker = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    pool.try_submit(call(spin, ())).expect("room").detach();
    worker
}

fn orphan(parent: fn(&ProcessPool) -> u32) {
    let outer = pool(1);
    let middle = outer.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    let worker = parent(&outer);
    assert!(alive(worker));
    sigkill(middle);
    until("the orphan is gone", || !alive(worker));
}

#[test]
fn a_busy_worker_dies_with_its_parent() {
    orphan(|outer| {
        outer.try_submit(call(parent_of_a_spinning_worker, ())).expect("room").wait().expect("it runs")
    });
}

#[test]
fn the_lifeline_alone_is_enough() {
    orphan(|outer| {
        let parent = |()| {
            let pool = Box::leak(Box::new(crate::help::pool(1)));
            let forgets_its_parent = |()| {
                prctl::set_pdeathsig(None).expect("it may");
                std::process::id()
            };
            let worker =
                pool.try_submit(call(forgets_its_parent, ())).expect("room").wait().expect("it runs");
            pool.try_submit(call(spin, ())).expect("room").detach();
            worker
        };
        outer.try_submit(call(parent, ())).expect("room").wait().expect("it runs")
    });
}

#[test]
fn the_death_signal_alone_is_enough() {
    orphan(|outer| {
        let parent = |()| {
            let pool = Box::leak(Box::new(crate::help::pool(1)));
            let holds_its_lifeline = |()| {
                // Another writing end of the same pipe: it never comes to its end now.
                let lifeline =
                    fs::OpenOptions::new().write(true).open("/proc/self/fd/4").expect("it is a pipe");
                std::mem::forget(lifeline);
                std::process::id()
            };
            let worker =
                pool.try_submit(call(holds_its_lifeline, ())).expect("room").wait().expect("it runs");
            pool.try_submit(call(spin, ())).expect("room").detach();
            worker
        };
        outer.try_submit(call(parent, ())).expect("room").wait().expect("it runs")
    });
}

#[test]
fn a_pool_built_by_a_thread_that_ends_keeps_its_workers() {
    let pool = std::thread::spawn(|| pool(1)).join().expect("a pool");
    let first = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    let again = std::thread::scope(|scope| {
        scope.spawn(|| pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs")).join()
    });
    assert_eq!(again.expect("it ends"), first);
}

#[test]
fn a_worker_is_in_a_group_of_its_own_so_that_a_terminals_signals_do_not_reach_it() {
    let pool = pool(1);
    let worker = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
    let group = getpgid(Some(Pid::from_raw(worker.cast_signed()))).expect("it lives");
    assert_eq!(group.as_raw(), worker.cast_signed());
    assert_ne!(group, getpgrp());
}

#[test]
fn a_worker_has_the_signals_of_a_fresh_program() {
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR1);
    let pool = std::thread::spawn(move || {
        pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&blocked), None).expect("a valid set");
        pool(1)
    });
    let pool = pool.join().expect("a pool");
    let signals = |()| fs::read_to_string("/proc/self/status").expect("it is mounted");
    let status = pool.try_submit(call(signals, ())).expect("room").wait().expect("it runs");
    let field = |status: &str, name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        u64::from_str_radix(line.trim(), 16).expect("a number")
    };
    assert_eq!(field(&status, "SigBlk:"), 0);
    // The C library ignores its own real-time signals in what it starts.
    let ignored = |status: &str| field(status, "SigIgn:") & 0x7FFF_FFFF;
    let pipe = 1 << (Signal::SIGPIPE as i32 - 1);
    let worker = ignored(&status);
    assert_eq!(worker & pipe, pipe, "a write to a closed pipe is an error");
    // What this process ignores may stay ignored (`nohup` does that), as in every program that it starts; nothing else is.
    assert_eq!(worker & !(ignored(&signals(())) | pipe), 0);
}

#[test]
fn the_parent_of_a_worker_is_this_process() {
    let pool = pool(1);
    let parent = pool.try_submit(call(|()| getppid().as_raw(), ())).expect("room").wait().expect("it runs");
    assert_eq!(parent, std::process::id().cast_signed());
}

/// In a job: what a program that ignores SIGCHLD sees of its own pool.
fn with_sigchld_ignored((): ()) -> String {
    // A Command cannot set this, the shell's trap can, but only for what it becomes: so the job does it for itself.
    let status = std::process::Command::new("/bin/sh").args(["-c", "trap '' CHLD; exec true"]).status();
    format!("{:?}", status.map(|status| status.success()).unwrap_or(false))
}

#[test]
fn a_job_may_start_and_await_children() {
    let pool = pool(1);
    let seen = pool.try_submit(call(with_sigchld_ignored, ())).expect("room").wait().expect("it runs");
    assert_eq!(seen, "true");
}

#[test]
fn kills_leave_no_zombie_and_no_descriptor() {
    let counts = |()| {
        let pool = builder().workers(1).grace(std::time::Duration::ZERO).build().expect("a pool");
        let count = || descriptors(std::process::id()).len();
        pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
        let before = count();
        for _ in 0..20 {
            let flag = Flag::new();
            let job = pool.try_submit(call(hang, flag.path())).expect("room");
            flag.wait();
            job.cancel();
            let _ = job.wait();
        }
        pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
        until("the dead are buried", || zombies() == 0);
        (before, count())
    };
    let pool = pool(1);
    let (before, after) = pool.try_submit(call(counts, ())).expect("room").wait().expect("it runs");
    assert_eq!(before, after);
}

#[test]
fn what_a_job_prints_without_a_line_end_is_not_kept_back() {
    let pool = pool(1);
    let prints = |path: String| {
        // Standard output becomes a file, as seen by this worker only.
        let file = fs::File::create(&path).expect("it can be made");
        nix::unistd::dup2_stdout(&file).expect("it is open");
        print!("no line end");
    };
    let flag = Flag::new();
    let options = Submit::new().deadline(LONG);
    pool.try_submit_with(call(prints, flag.path()), options).expect("room").wait().expect("it runs");
    assert_eq!(fs::read_to_string(flag.path()).expect("written"), "no line end");
}
