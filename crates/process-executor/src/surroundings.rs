//! What a worker finds around it: environment, folder, standard output and standard error.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// What becomes of what a worker writes to its standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stdout {
    /// The worker writes to this program's standard output itself.
    Inherit,
    /// It goes the way of the worker's standard error: line by line, with the tail kept.
    ToStderr,
    /// Nobody reads it.
    Discard,
}

/// What becomes of what a worker writes to its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stderr {
    /// Whole lines are passed on to this program's standard error; the tail is kept for [`contract::Death`].
    Forward,
    /// Only the tail is kept.
    Keep,
    /// The worker writes to this program's standard error itself; no tail is kept.
    Inherit,
}

/// Environment and folder, as they differ from this process's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Nothing is inherited.
    pub(crate) cleared: bool,
    /// In the order in which they were named; `None` takes a variable away.
    pub(crate) variables: Vec<(OsString, Option<OsString>)>,
    pub(crate) folder: Option<PathBuf>,
}

impl Surroundings {
    pub(crate) fn give_to(&self, command: &mut Command) {
        if self.cleared {
            command.env_clear();
        }
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
    }
}
