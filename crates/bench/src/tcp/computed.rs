//! How long a thread has been computing, seen from another one.

use nix::unistd::{Pid, getpid, gettid};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A thread that serves, as the kernel keeps account of it. Exact whenever it does not run, as between two batches.
#[derive(Clone)]
pub(crate) struct Computed(PathBuf);

impl Computed {
    pub(crate) fn by_this_thread() -> Self {
        Self(format!("/proc/{}/task/{}/schedstat", getpid(), gettid()).into())
    }

    /// By the first thread of a program.
    pub(crate) fn by_program(pid: Pid) -> Self {
        Self(format!("/proc/{pid}/task/{pid}/schedstat").into())
    }

    pub(crate) fn so_far(&self) -> io::Result<Duration> {
        let text = fs::read_to_string(&self.0)?;
        let ns = text.split_whitespace().next().and_then(|word| word.parse().ok());
        ns.map(Duration::from_nanos).ok_or_else(|| io::Error::other("the kernel counts no time of threads"))
    }
}

#[cfg(test)]
mod tests {
    use super::Computed;

    #[test]
    fn a_thread_that_computes_is_seen_to() {
        let computed = Computed::by_this_thread();
        let before = computed.so_far().unwrap();
        while computed.so_far().unwrap() == before {}
    }
}
