//! Names in reports: of a task, a thread, a future, a step.

use crate::current::Loop;
use crate::instrument::Step;
use crate::task::Header;
use nix::unistd::gettid;
use std::fmt;
use std::panic::Location;

/// Names a task in a report, when its handle may be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WhichTask {
    /// Counts the loop's tasks from one.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
}

/// Names a thread in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WhichThread {
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// The kernel's number of it: what `top -H`, `gdb` and `/proc/PID/task/TID/stack` call it.
    pub tid: i32,
}

/// Names what can be awaited, in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaitable {
    /// A task.
    Task(WhichTask),
    /// A [`core_loop::Future`](crate::Future).
    #[non_exhaustive]
    Future {
        /// Where it was made.
        created_at: &'static Location<'static>,
    },
}

/// Names a step in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepInfo {
    /// Of a task.
    Task(WhichTask),
    /// A callback.
    #[non_exhaustive]
    Callback {
        /// Where it was registered.
        registered_at: &'static Location<'static>,
    },
    /// A callback, or work, that another thread has sent.
    FromThread,
}

impl WhichTask {
    pub(crate) fn of(task: &Header) -> Self {
        Self { id: task.id(), name: task.name(), spawned_at: task.spawned_at() }
    }

    /// The one whose step is running, if there is one.
    pub(crate) fn current() -> Option<Self> {
        let task = Loop::try_current()?.inner().current.get()?;
        Some(Self::of(&task))
    }
}

impl WhichThread {
    /// This one.
    pub(crate) fn current() -> Self {
        Self { name: std::thread::current().name().map(str::to_owned), tid: gettid().as_raw() }
    }
}

impl StepInfo {
    pub(crate) fn of(step: &Step) -> Self {
        match step {
            Step::Task(task) => Self::Task(WhichTask::of(task.header())),
            Step::Callback { registered_at } => Self::Callback { registered_at },
            Step::FromThread => Self::FromThread,
        }
    }
}

impl fmt::Display for WhichTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task `{}` spawned at {}", self.name, self.spawned_at)
    }
}

impl fmt::Display for WhichThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "thread `{name}` (tid {})", self.tid),
            None => write!(f, "thread without a name (tid {})", self.tid),
        }
    }
}

impl fmt::Display for Awaitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => write!(f, "{task}"),
            Self::Future { created_at } => write!(f, "the future made at {created_at}"),
        }
    }
}

impl fmt::Display for StepInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => write!(f, "{task}"),
            Self::Callback { registered_at } => write!(f, "the callback registered at {registered_at}"),
            Self::FromThread => f.write_str("a callback from another thread"),
        }
    }
}
