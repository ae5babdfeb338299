//! What debug mode has to say.

use crate::instrument::Step;
use crate::task::Header;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// What debug mode has found. Told to the loop's [debug handler](crate::Loop::set_debug_handler).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DebugReport {
    /// A step took long: nothing else ran meanwhile.
    #[non_exhaustive]
    SlowStep {
        /// Which one.
        step: StepInfo,
        /// How long it took.
        took: Duration,
    },
    /// A step is still running: the loop is blocked. Told by the watchdog's thread.
    #[non_exhaustive]
    Blocked {
        /// Which one.
        step: StepInfo,
        /// For how long it has run.
        so_far: Duration,
    },
    /// Tasks await each other: each the next, the last the first.
    #[non_exhaustive]
    AwaitCycle {
        /// The tasks; the first is the one whose await has closed the circle.
        tasks: Vec<WhichTask>,
    },
    /// A task was destroyed while it was pending.
    #[non_exhaustive]
    DestroyedPending {
        /// Which one.
        task: WhichTask,
    },
    /// The handle of a pending task was dropped, and it had never been awaited, cancelled or detached.
    #[non_exhaustive]
    NeverAwaited {
        /// Which one.
        task: WhichTask,
    },
}

/// Names a task in a report.
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

impl fmt::Display for StepInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => write!(f, "{task}"),
            Self::Callback { registered_at } => write!(f, "the callback registered at {registered_at}"),
            Self::FromThread => f.write_str("a callback from another thread"),
        }
    }
}

impl fmt::Display for DebugReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowStep { step, took } => write!(
                f,
                "a step of {took:.1?}, in which nothing else ran: {step}; move what blocks to `to_thread`, or await in between"
            ),
            Self::Blocked { step, so_far } => write!(
                f,
                "the loop has been blocked for {so_far:.1?}: {step}; move what blocks to `to_thread`, or await in between"
            ),
            Self::AwaitCycle { tasks } => {
                f.write_str("tasks await each other, and may do so for ever: ")?;
                for task in tasks {
                    write!(f, "{task}, which awaits ")?;
                }
                if let Some(first) = tasks.first() {
                    write!(f, "`{}`", first.name)?;
                }
                f.write_str("; let one of them do without the other's output, or cancel one")
            }
            Self::DestroyedPending { task } => write!(
                f,
                "{task} was destroyed while it was pending: await it before the loop closes, or close with a longer grace"
            ),
            Self::NeverAwaited { task } => {
                write!(
                    f,
                    "the handle of {task} was dropped and never awaited; call `detach` if that is meant"
                )
            }
        }
    }
}
