//! Which processors a thread may run on.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;

/// The calling thread, for the kernel.
const HERE: Pid = Pid::from_raw(0);

/// Processors, by the kernel's numbers.
#[derive(Clone, Copy)]
pub(super) struct Cpus(CpuSet);

impl Cpus {
    /// Those that this thread may use.
    pub(super) fn allowed() -> io::Result<Self> {
        Ok(Self(sched_getaffinity(HERE)?))
    }

    pub(super) fn one(cpu: usize) -> io::Result<Self> {
        let mut set = CpuSet::new();
        set.set(cpu)?;
        Ok(Self(set))
    }

    /// In rising order.
    pub(super) fn numbers(self) -> Vec<usize> {
        (0..CpuSet::count()).filter(|cpu| self.0.is_set(*cpu).unwrap_or(false)).collect()
    }

    /// Keeps this thread to them; threads that it starts inherit that.
    pub(super) fn keep_to(self) -> io::Result<()> {
        Ok(sched_setaffinity(HERE, &self.0)?)
    }
}
