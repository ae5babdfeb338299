//! A loop that cannot go on: why, and who waits.

use crate::current::Loop;
use crate::debug::WhichTask;
use std::fmt;

/// The driver gave up before the main task had ended: nothing would ever wake the loop again.
///
/// Only a driver that can know this says so: one on virtual time. Elsewhere such a loop waits for ever.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stuck {
    /// Why, in the driver's words.
    pub why: String,
    /// The tasks that had not ended, the main task among them, in the order in which they were spawned.
    pub waiting: Vec<WhichTask>,
}

impl Stuck {
    pub(crate) fn of(lp: &Loop, why: Option<String>) -> Self {
        let why = why.unwrap_or_else(|| "the driver returned before the main task had ended".to_owned());
        let tasks = lp.inner().tasks.to_vec();
        Self { why, waiting: tasks.iter().map(|task| WhichTask::of(task)).collect() }
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; waiting tasks: {}", self.why, self.waiting.len())?;
        self.waiting.iter().try_for_each(|task| write!(f, "\n  {task}"))
    }
}

impl std::error::Error for Stuck {}
