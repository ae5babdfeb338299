//! Why a pool has no workers.

use contract::{Death, Panic};
use nix::libc;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why a pool could not start, or could not go on.
#[non_exhaustive]
pub enum StartError {
    /// The new process did not become a worker in the time it was given.
    NotInitialized {
        /// How long it was waited for.
        waited: Duration,
    },
    /// This process was itself started to be a worker, and never became one.
    IsWorker,
    /// The operating system did not start the process.
    Spawn(io::Error),
    /// The worker is another program than this one, so functions cannot be found in it.
    ImageMismatch,
    /// The new process spoke, but not as a worker does.
    Handshake(String),
    /// Worker after worker died before it was ready.
    CrashLoop {
        /// How many in a row.
        tries: u32,
        /// How the last one died.
        last: Death,
    },
    /// Worker after worker had its initializer panic, the last one so.
    Initializer(Panic),
    /// The system refused workers what they need to begin, for too long.
    Shortage {
        /// For how long.
        lasted: Duration,
        /// How the last one ended; its last words name what it was refused.
        last: Death,
    },
    /// The program ignores SIGCHLD and the kernel has no pidfd, so nobody can tell when a worker ends.
    SigchldIgnored,
    /// The pool was asked for something that cannot be.
    Invalid(&'static str),
    /// The thread that looks after the workers could not begin, or failed.
    Supervisor(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInitialized { waited } => write!(
                f,
                "the new process did not become a worker within {waited:?}: if the program runs under valgrind or was \
                 started through ld.so, or this code is a library in a foreign program, name the executable that holds it \
                 with `Builder::program(path)`; with `Builder::enter_in_main()`, call `process_executor::init()` first in \
                 `main`"
            ),
            Self::IsWorker => f.write_str(
                "this process was started to be a worker but went on into `main`: call `process_executor::init()` there \
                 before anything else, or leave out `Builder::enter_in_main()`",
            ),
            Self::Spawn(error) => write!(f, "no worker process could be started: {error}; {}", cure(error)),
            Self::ImageMismatch => f.write_str(
                "the worker runs another program image than this process: `Builder::program(path)` must name the very \
                 executable that is running here, unchanged",
            ),
            Self::Handshake(what) => write!(f, "the new process does not speak as a worker does: {what}"),
            Self::CrashLoop { tries, last } => write!(
                f,
                "{tries} workers in a row died before they were ready, the last one so: {last}; if the program was started \
                 through ld.so or valgrind, name its executable with `Builder::program(path)`; with `Builder::enter_in_main()`, \
                 call `process_executor::init()` first in `main`"
            ),
            Self::Initializer(panic) => write!(f, "the initializer panicked in one worker after the other, the last time so: {panic}"),
            Self::Shortage { lasted, last } => write!(
                f,
                "for {lasted:?} the system refused workers what they need to begin, the last one so: {last}; raise the limits \
                 of open files (`ulimit -n`), of processes (`ulimit -u`) or of memory, or ask for fewer workers"
            ),
            Self::SigchldIgnored => f.write_str(
                "the program ignores SIGCHLD and the kernel has no pidfd: restore the default action of SIGCHLD",
            ),
            Self::Invalid(what) => f.write_str(what),
            Self::Supervisor(what) => write!(f, "the supervisor failed: {what}"),
        }
    }
}

/// What to do about a process that could not be started.
fn cure(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => "raise the limit of open files (`ulimit -n`), or close some",
        Some(libc::EAGAIN | libc::ENOMEM) => {
            "raise the limit of processes (`ulimit -u`) or of memory, or ask for fewer workers"
        }
        _ => "if /proc is not mounted, name the executable with `Builder::program(path)`",
    }
}

/// The same words: they name the cure, and `main` prints an error this way.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Spawn(error) => Some(error),
            Self::CrashLoop { last, .. } | Self::Shortage { last, .. } => Some(last),
            Self::Initializer(panic) => Some(panic),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_the_system_refused_names_the_cure_of_that_refusal() {
        let words = |number| StartError::Spawn(io::Error::from_raw_os_error(number)).to_string();
        assert!(words(libc::EMFILE).contains("ulimit -n"));
        assert!(words(libc::EAGAIN).contains("ulimit -u"));
        assert!(words(libc::ENOENT).contains("Builder::program"));
    }
}
