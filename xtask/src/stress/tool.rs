//! The tools under which a stress can run: how the program is built and started for each, and what each cannot do.

use super::sanitizer;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::features;
use crate::machine;
use crate::processes::{self, BOUND, Keep, on_path};
use crate::report::Obstacle;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What watches the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    None,
    /// Sees memory that is used wrongly, at a fiftieth of the speed and one thread at a time.
    Valgrind,
    /// Sees two threads at the same memory, of which one writes and nothing orders them.
    ThreadSanitizer,
}

/// Races that the sanitizer reports and that are none, each with its reason.
const SUPPRESSIONS: &str = "xtask/src/stress/thread-sanitizer.supp";

impl Tool {
    pub(super) fn of(args: &Args) -> Result<Self> {
        match (args.has("--valgrind"), args.has("--thread-sanitizer")) {
            (true, true) => Err(Error::new("--valgrind and --thread-sanitizer: one at a time")),
            (true, false) if !on_path("valgrind") => {
                Err(Obstacle::new("valgrind is missing", "install it (Debian: apt-get install valgrind)")
                    .into())
            }
            (true, false) => Ok(Self::Valgrind),
            (false, true) if machine::first_line("rustc", &["+nightly", "--version"]).is_none() => {
                Err(Obstacle::new("there is no nightly toolchain", "rustup toolchain install nightly").into())
            }
            (false, true) => Ok(Self::ThreadSanitizer),
            (false, false) => Ok(Self::None),
        }
    }

    /// As many operations as take a minute or so.
    pub(super) fn operations(self, without: u64) -> u64 {
        match self {
            Self::None => without,
            Self::Valgrind => without / 50,
            Self::ThreadSanitizer => without / 5,
        }
    }

    /// Builds the program that runs the stress.
    pub(super) fn build(self, workspace: &Workspace) -> Result<PathBuf> {
        let package = workspace.find("matrix")?;
        if self == Self::ThreadSanitizer {
            return sanitizer::build(workspace);
        }
        let mut cargo = processes::cargo(&workspace.root);
        cargo.args(["build", "--release", "-p", &package.name]).args(features::of(package)?);
        if !processes::run(&mut cargo, Keep::Nothing, BOUND)?.success {
            return Err(Error::new("the stress does not build; what the compiler says stands above"));
        }
        Ok(workspace.target.join("release/conformance-matrix"))
    }

    /// How the program is started.
    pub(super) fn command(self, workspace: &Workspace, program: &Path) -> Command {
        match self {
            Self::None => Command::new(program),
            Self::Valgrind => {
                let mut valgrind = Command::new("valgrind");
                // Fair: its own choice lets one thread that spins keep the others from running.
                valgrind.args([
                    "--quiet",
                    "--error-exitcode=9",
                    "--leak-check=full",
                    "--show-leak-kinds=definite",
                    "--fair-sched=yes",
                ]);
                valgrind.arg("--errors-for-leak-kinds=definite").arg(program);
                valgrind
            }
            Self::ThreadSanitizer => {
                let mut command = Command::new(program);
                let suppressions = workspace.root.join(SUPPRESSIONS);
                let options = format!(
                    "suppressions={} halt_on_error=0 history_size=5 second_deadlock_stack=1",
                    suppressions.display()
                );
                command.env("TSAN_OPTIONS", options);
                command
            }
        }
    }

    /// Why a column cannot run under it.
    pub(super) fn cannot(self, column: &str) -> Option<&'static str> {
        (self == Self::Valgrind && column.starts_with("glommio"))
            .then_some("valgrind does not follow the rings of io_uring, and the loop sleeps for ever")
    }
}
