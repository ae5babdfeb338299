//! Which runtime carries the loop: `--runtime native|tokio|smol|glommio`.

use crate::args::{Args, Wrong};
use contract::{Driver, Unavailable};
use core_loop::{RunError, Runner};
use std::fmt;
use std::str::FromStr;

/// A runtime that can carry the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runtime {
    /// The loop's own epoll driver.
    #[default]
    Native,
    /// tokio.
    Tokio,
    /// smol.
    Smol,
    /// glommio, on `io_uring`.
    Glommio,
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Native, Self::Tokio, Self::Smol, Self::Glommio];

    /// The name that `--runtime` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Glommio => "glommio",
        }
    }

    /// The runtime that the command line names, for programs that take no other argument. Without one it is
    /// [`Native`](Self::Native); a wrong command line ends the program with a message and code 2.
    #[must_use]
    pub fn from_args() -> Self {
        let mut args = Args::from_env();
        args.runtime()
            .and_then(|runtime| args.finish().map(|()| runtime))
            .unwrap_or_else(|wrong| wrong.exit())
    }
}

/// Runs `main` on a loop carried by `runtime`: the one place where these programs choose.
///
/// # Errors
///
/// [`RunError`]: the runtime cannot run here or was left out of this build, for example.
pub fn run_on<F: Future>(runtime: Runtime, main: F) -> Result<F::Output, RunError> {
    match runtime {
        Runtime::Native => core_loop::run(main),
        Runtime::Tokio => loop_tokio::run(main),
        Runtime::Smol => loop_smol::run(main),
        Runtime::Glommio => core_loop::run_on(glommio, main),
    }
}

/// A driver of `runtime`, for a loop on this thread.
///
/// # Errors
///
/// The runtime cannot run here or was left out of this build, for example.
pub fn driver(runtime: Runtime) -> Result<Box<dyn Driver>, Unavailable> {
    Ok(match runtime {
        Runtime::Native => Box::new(core_loop::NativeDriver::new()?),
        Runtime::Tokio => Box::new(loop_tokio::TokioDriver::new()?),
        Runtime::Smol => Box::new(loop_smol::SmolDriver::new()?),
        Runtime::Glommio => Box::new(glommio()?),
    })
}

/// A loop carried by `runtime` that does not run yet.
///
/// # Errors
///
/// The runtime cannot run here or was left out of this build.
pub fn runner_on(runtime: Runtime) -> Result<Runner, Unavailable> {
    driver(runtime).map(Runner::boxed)
}

#[cfg(feature = "glommio")]
fn glommio() -> Result<impl Driver, Unavailable> {
    loop_glommio::GlommioDriver::new()
}

#[cfg(not(feature = "glommio"))]
fn glommio() -> Result<core_loop::NativeDriver, Unavailable> {
    Err(Unavailable::new(
        "glommio",
        "it was left out of this build",
        "build with `--features glommio`, which needs git and a C compiler",
    ))
}

impl FromStr for Runtime {
    type Err = Wrong;

    fn from_str(name: &str) -> Result<Self, Wrong> {
        Self::ALL
            .into_iter()
            .find(|runtime| runtime.name() == name)
            .ok_or_else(|| Wrong::new("unknown runtime; the known ones are native, tokio, smol and glommio"))
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Runtime;

    #[test]
    fn every_runtime_is_found_by_its_name_and_no_other() {
        for runtime in Runtime::ALL {
            assert_eq!(runtime.to_string().parse(), Ok(runtime));
        }
        let wrong = "Tokio".parse::<Runtime>().unwrap_err().to_string();
        for runtime in Runtime::ALL {
            assert!(wrong.contains(runtime.name()), "{wrong}");
        }
    }
}
