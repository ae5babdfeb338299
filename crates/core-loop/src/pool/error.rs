//! What goes wrong with a pool of loops.

use contract::{Panic, Unavailable};
use std::fmt;
use std::io;

/// A pool was not started, because one of its loops was not. `Debug` prints what `Display` does, so that `main` may end
/// with it.
pub struct PoolStartError {
    /// The name of the loop.
    pub name: String,
    /// Why.
    pub why: StartProblem,
}

/// Why a loop of a pool was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartProblem {
    /// The runtime cannot run here.
    Unavailable(Unavailable),
    /// The kernel gave no thread.
    Thread(io::Error),
    /// The thread cannot be bound to a processor.
    Pin(io::Error),
    /// The driver panicked while it was made.
    Panicked(Panic),
}

/// A loop that is no more, or cannot be reached: its driver panicked or gave up, or its thread is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopLost {
    /// The name of the loop.
    pub name: String,
    /// What happened to it.
    pub why: String,
}

impl LoopLost {
    pub(super) fn new(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), why: why.into() }
    }
}

impl fmt::Display for PoolStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loop `{}` cannot be started: ", self.name)?;
        match &self.why {
            StartProblem::Unavailable(why) => write!(f, "{why}"),
            StartProblem::Thread(error) => {
                write!(f, "no thread: {error}; start fewer loops, or raise the limit (ulimit -u)")
            }
            StartProblem::Pin(error) => {
                write!(f, "its processor cannot be chosen: {error}; do without `pin_to_cpus`")
            }
            StartProblem::Panicked(panic) => write!(f, "its driver panicked: {panic}"),
        }
    }
}

impl fmt::Debug for PoolStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PoolStartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            StartProblem::Unavailable(why) => Some(why),
            StartProblem::Thread(error) | StartProblem::Pin(error) => Some(error),
            StartProblem::Panicked(panic) => Some(panic),
        }
    }
}

impl fmt::Display for LoopLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loop `{}` is lost: {}", self.name, self.why)
    }
}

impl std::error::Error for LoopLost {}
