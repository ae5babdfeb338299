//! What debug mode has to say.

use super::doing::Doing;
use super::which::{Awaitable, StepInfo, WhichTask, WhichThread};
use std::fmt;
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
        /// The loop's thread, which hangs.
        thread: WhichThread,
        /// Which one.
        step: StepInfo,
        /// For how long it has run.
        so_far: Duration,
        /// What the thread was doing when it was looked at: whether it computes, or in which system call it waits.
        doing: Doing,
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
    /// The handle of a pending task was dropped, and it had never been awaited, cancelled or detached; or the last handle of
    /// a [`core_loop::Future`](crate::Future), and nobody had ever awaited it, asked after it or cancelled it.
    #[non_exhaustive]
    NeverAwaited {
        /// Which one.
        what: Awaitable,
    },
    /// An `Err` that a task gave, or a [`core_loop::Future`](crate::Future) was set to, was dropped, and nobody had read it.
    ///
    /// The [exception handler](crate::Loop::set_exception_handler) is told as well, with the error itself, which may not be
    /// fit for other threads; so without a debug handler this report is not printed a second time.
    #[non_exhaustive]
    UnreadError {
        /// Whose error it was.
        what: Awaitable,
        /// The name of the output's type, a `Result`.
        type_name: &'static str,
    },
}

impl fmt::Display for DebugReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowStep { step, took } => write!(
                f,
                "a step of {took:.1?}, in which nothing else ran: {step}; move what blocks to `to_thread`, or await in between"
            ),
            Self::Blocked { thread, step, so_far, doing } => write!(
                f,
                "the loop on {thread} has been blocked for {so_far:.1?}, and {doing}: {step}; move what blocks to `to_thread`, or await in between"
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
            Self::NeverAwaited { what: task @ Awaitable::Task(_) } => {
                write!(
                    f,
                    "the handle of {task} was dropped and never awaited; call `detach` if that is meant"
                )
            }
            Self::NeverAwaited { what } => {
                write!(f, "{what} was dropped and never awaited; call `cancel` if nobody needs it any more")
            }
            Self::UnreadError { what, type_name } => {
                write!(
                    f,
                    "an error that nobody read, a `{type_name}`, of {what}; await it, or look at its `result`"
                )
            }
        }
    }
}
