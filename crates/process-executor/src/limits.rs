//! What a worker may take of the machine, and what it gives up, set by itself before it says hello.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;

/// What a worker may take. Given to [`Builder::rlimit`](crate::Builder::rlimit).
///
/// # Python
///
/// `resource.setrlimit` in an `initializer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Limit {
    /// Processor time in seconds, all jobs together (`RLIMIT_CPU`): the worker dies of SIGXCPU then.
    ProcessorSeconds,
    /// Descriptors (`RLIMIT_NOFILE`).
    Descriptors,
    /// The size of a file that it writes, in bytes (`RLIMIT_FSIZE`).
    FileSize,
    /// Processes of its user, those of other programs included (`RLIMIT_NPROC`).
    Processes,
    /// The stack of the thread that runs the jobs, in bytes (`RLIMIT_STACK`).
    Stack,
    /// Address space in bytes (`RLIMIT_AS`): what [`Builder::memory`](crate::Builder::memory) sets.
    AddressSpace,
}

impl Limit {
    fn resource(self) -> Resource {
        match self {
            Self::ProcessorSeconds => Resource::RLIMIT_CPU,
            Self::Descriptors => Resource::RLIMIT_NOFILE,
            Self::FileSize => Resource::RLIMIT_FSIZE,
            Self::Processes => Resource::RLIMIT_NPROC,
            Self::Stack => Resource::RLIMIT_STACK,
            Self::AddressSpace => Resource::RLIMIT_AS,
        }
    }
}

/// All of it, as a worker is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) rlimits: Vec<(Limit, u64)>,
    /// The size of a core file, in bytes.
    pub(crate) core: u64,
    pub(crate) no_new_privs: bool,
    /// How much rather the kernel should kill it than its parent when memory runs out.
    pub(crate) oom_score: i16,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rlimits: Vec::new(), core: 0, no_new_privs: true, oom_score: 300 }
    }
}

impl Limits {
    /// Imposes them on this process. What was asked for and cannot be had is an error.
    pub(crate) fn impose(&self) -> io::Result<()> {
        if self.no_new_privs {
            prctl::set_no_new_privs()?;
        }
        let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
        setrlimit(Resource::RLIMIT_CORE, self.core.min(hard), hard)?;
        add_to_oom_score(self.oom_score);
        for (limit, most) in &self.rlimits {
            match setrlimit(limit.resource(), *most, *most) {
                Err(Errno::EPERM) => {
                    return Err(io::Error::other(format!(
                        "{limit:?}: {most} is more than this process may have"
                    )));
                }
                answer => answer?,
            }
        }
        Ok(())
    }
}

/// A wish, not a limit: where `/proc` is not mounted, or the score may not be lowered, it stays as it is.
fn add_to_oom_score(more: i16) {
    const FILE: &str = "/proc/self/oom_score_adj";
    let now = fs::read_to_string(FILE).ok().and_then(|text| text.trim().parse::<i16>().ok());
    if let Some(now) = now {
        let _ = fs::write(FILE, now.saturating_add(more).clamp(-1000, 1000).to_string());
    }
}
