//! What a worker has started: killed with it.
//!
//! Its process group is one signal. Children that left the group (`setsid`) are found by their parent's list in `/proc`; to
//! keep that list still while it is read, each process is stopped first: what is stopped neither starts nor collects anybody,
//! so a number that was read stays the number of that process. Who left the group *and* outlived its parent is nobody's child
//! any more and is not found.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;

/// So many generations are looked at: a bound, not a limit that anybody meets.
const GENERATIONS: u32 = 16;

/// Kills the children of `pid`, their children, and so on; `pid` itself, which must not be collected yet, is left stopped.
pub(crate) fn kill_children(pid: Pid) {
    kill_children_to(pid, GENERATIONS);
}

fn kill_children_to(pid: Pid, generations: u32) {
    // Nothing is stopped for nothing: most workers have no children, and one that is about to have some has the group.
    if generations == 0 || children(pid).is_empty() || kill(pid, Signal::SIGSTOP).is_err() {
        return;
    }
    for child in children(pid) {
        kill_children_to(child, generations - 1);
        let _ = kill(child, Signal::SIGKILL);
    }
}

/// The children of all threads of `pid`. Empty where the kernel does not tell.
fn children(pid: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .map(Pid::from_raw)
        .collect()
}
