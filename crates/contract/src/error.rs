//! Why a job gave no output.

use crate::{GuestError, Panic, Reject, Rejected};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Why a job gave no output.
///
/// `Send + Sync + 'static` whatever the output type is, so that `?` carries it into any error type.
///
/// # Python
///
/// What `Future.result()` raises: `CancelledError`, `TimeoutError`, `BrokenExecutor`, or the callable's own exception.
/// There one dead worker breaks the whole pool; here [`WorkerDied`](Self::WorkerDied) is the error of one job.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobError {
    /// Somebody cancelled it.
    Cancelled {
        /// Whether the work had begun: it may have run in part.
        started: bool,
    },
    /// Its deadline passed.
    Deadline {
        /// Whether the work had begun: it may have run in part, and on a thread it runs to its end.
        started: bool,
    },
    /// The work panicked.
    Panicked(Panic),
    /// The worker process died under it; the work may have run in part.
    WorkerDied(Death),
    /// An argument or a result could not be written or read.
    Codec(CodecError),
    /// The worker's initializer panicked, so the work never ran.
    Initializer(Panic),
    /// The guest code of an interpreter failed.
    Guest(GuestError),
    /// The executor did not accept it.
    Rejected(Reject),
    /// The executor went away first.
    Shutdown {
        /// Whether the work had begun: it may have run in part.
        started: bool,
    },
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled { started } => write!(f, "the job was cancelled {}", moment(*started)),
            Self::Deadline { started } => write!(f, "the job's deadline passed {}", moment(*started)),
            Self::Panicked(panic) => write!(f, "the job panicked: {panic}"),
            Self::WorkerDied(death) => write!(f, "{death}"),
            Self::Codec(error) => write!(f, "{error}"),
            Self::Initializer(panic) => write!(f, "the worker's initializer panicked: {panic}"),
            Self::Guest(error) => write!(f, "the guest failed: {error}"),
            Self::Rejected(why) => write!(f, "the executor refused the job: {why}"),
            Self::Shutdown { started } => {
                write!(f, "the executor shut down {}: give it a longer grace", moment(*started))
            }
        }
    }
}

fn moment(started: bool) -> &'static str {
    if started { "while it was running" } else { "before it started" }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Panicked(panic) | Self::Initializer(panic) => Some(panic),
            Self::WorkerDied(death) => Some(death),
            Self::Codec(error) => Some(error),
            Self::Guest(error) => Some(error),
            Self::Rejected(why) => Some(why),
            Self::Cancelled { .. } | Self::Deadline { .. } | Self::Shutdown { .. } => None,
        }
    }
}

/// So that `?` works on a refusal whatever the work is; the work is dropped.
impl<W> From<Rejected<W>> for JobError {
    fn from(rejected: Rejected<W>) -> Self {
        Self::Rejected(rejected.why)
    }
}

/// How a worker process died, and what is known of the cause.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Death {
    /// The worker's process id.
    pub pid: u32,
    /// How it ended.
    pub exit: Exit,
    /// Whether the kernel ran out of memory and killed it.
    pub out_of_memory: OutOfMemory,
    /// The label of the job it was running.
    pub label: Option<Cow<'static, str>>,
    /// How long that job had been running.
    pub ran_for: Duration,
    /// The last lines the worker wrote to its standard error.
    pub stderr_tail: String,
}

impl Death {
    /// A death of which only the process and the way it ended are known; the other fields can be set after.
    #[must_use]
    pub fn new(pid: u32, exit: Exit) -> Self {
        Self {
            pid,
            exit,
            out_of_memory: OutOfMemory::No,
            label: None,
            ran_for: Duration::ZERO,
            stderr_tail: String::new(),
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal {
        /// The signal's number, as in `man 7 signal`.
        number: i32,
        /// Whether it left a core file.
        core_dumped: bool,
    },
    /// It is gone, and somebody else collected its status (a program that ignores SIGCHLD does this).
    Unknown,
}

/// Whether the kernel killed a process for want of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutOfMemory {
    /// No sign of it.
    No,
    /// SIGKILL came, this program did not send it, and no counter tells whether the kernel did.
    Suspected,
    /// The kernel's own counter for this group of processes moved.
    Confirmed,
    /// The process asked for memory, was refused by a limit of its own, and gave up.
    Refused,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} died", self.pid)?;
        match self.exit {
            Exit::Code(code) => write!(f, " with exit code {code}")?,
            Exit::Signal { number, .. } => write!(f, " of signal {number}")?,
            Exit::Unknown => f.write_str(", how is not known")?,
        }
        match self.out_of_memory {
            OutOfMemory::No => {}
            OutOfMemory::Suspected => f.write_str(", probably out of memory")?,
            OutOfMemory::Confirmed => f.write_str(", out of memory")?,
            OutOfMemory::Refused => f.write_str(", refused the memory that it asked for")?,
        }
        write!(f, " after {:?}", self.ran_for)?;
        if let Some(label) = &self.label {
            write!(f, " in job `{label}`")?;
        }
        match self.stderr_tail.trim_end() {
            "" => Ok(()),
            tail => write!(f, "; its last words: {tail}"),
        }
    }
}

impl std::error::Error for Death {}

/// A value that could not be written to, or read from, the wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CodecError {
    /// Who noticed.
    pub side: Side,
    /// The Rust type of the value.
    pub type_name: &'static str,
    /// What the codec said.
    pub detail: String,
}

impl CodecError {
    /// A value of type `type_name` that `side` could not code.
    #[must_use]
    pub fn new(side: Side, type_name: &'static str, detail: impl Into<String>) -> Self {
        Self { side, type_name, detail: detail.into() }
    }
}

/// The two ends of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The process that submitted the job.
    Parent,
    /// The process that runs it.
    Worker,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Parent => "parent",
            Side::Worker => "worker",
        };
        write!(f, "the {side} could not code a `{}`: {}", self.type_name, self.detail)
    }
}

impl std::error::Error for CodecError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_tells_what_people_ask_for() {
        let mut death = Death::new(41, Exit::Signal { number: 9, core_dumped: false });
        death.out_of_memory = OutOfMemory::Suspected;
        death.label = Some("thumbnail".into());
        death.ran_for = Duration::from_millis(20);
        death.stderr_tail = "allocating\n".to_owned();
        assert_eq!(
            JobError::WorkerDied(death).to_string(),
            "worker 41 died of signal 9, probably out of memory after 20ms in job `thumbnail`; its last words: allocating"
        );
    }
}
