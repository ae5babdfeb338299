//! How a child is started.

use super::child::Child;
use super::communicate::Output;
use super::handle::{Pipes, Process};
use super::stdio::{Kind, Stdio};
use crate::reader;
use core_loop::Loop;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, ExitStatus};

/// A program, its arguments and what is around it. It may be started more than once.
///
/// The three standard streams are inherited unless set; [`output`](Self::output) sets them itself.
///
/// # Examples
///
/// ```
/// use loop_io::process::{Command, Stdio};
///
/// # core_loop::run(async {
/// let mut sorting = Command::new("sort").stdin(Stdio::PIPE).stdout(Stdio::PIPE).spawn()?;
/// let output = sorting.communicate("pear\napple\n").await?;
/// assert_eq!(output.stdout, b"apple\npear\n");
/// assert!(output.status.success());
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// The arguments of `asyncio.create_subprocess_exec(program, *args, …)`; of `asyncio.create_subprocess_shell(cmd)` with
/// [`shell`](Self::shell).
#[derive(Debug)]
pub struct Command {
    command: process::Command,
    stdin: Stdio,
    stdout: Stdio,
    stderr: Stdio,
    kill_on_drop: bool,
    limit: usize,
}

impl Command {
    /// `program`, which is looked for in `PATH` unless it has a slash in it.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        process::Command::new(program).into()
    }

    /// A line for the shell `/bin/sh`. Whatever comes from elsewhere must be quoted: hand it over as an argument of
    /// [`new`](Self::new) instead, which needs no quotes.
    ///
    /// # Python
    ///
    /// `asyncio.create_subprocess_shell(cmd)`.
    #[must_use]
    pub fn shell(line: impl AsRef<OsStr>) -> Self {
        Self::new("/bin/sh").arg("-c").arg(line)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets one variable of the environment, which is inherited otherwise.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Leaves one variable of the environment out.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Begins with an empty environment.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// The directory in which it runs.
    ///
    /// # Python
    ///
    /// `cwd=…`.
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// The process group that it joins; 0 is a group of its own, which Ctrl-C at the terminal does not reach, and which
    /// [`Process::signal_group`] does.
    ///
    /// # Python
    ///
    /// `process_group=…`.
    #[must_use]
    pub fn process_group(mut self, group: i32) -> Self {
        self.command.process_group(group);
        self
    }

    /// Its standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// Its standard output.
    #[must_use]
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = stdout.into();
        self
    }

    /// Its standard error. [`Stdio::STDOUT`] mixes it into the standard output.
    #[must_use]
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.stderr = stderr.into();
        self
    }

    /// The [`limit`](crate::StreamReader::limit) of the readers of its outputs; 64 KiB unless set.
    ///
    /// # Python
    ///
    /// `limit=…`.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Kills the child when its [`Process`] is dropped and it still runs; `false` unless set.
    ///
    /// # Python
    ///
    /// What happens to a child there when its transport is collected.
    #[must_use]
    pub fn kill_on_drop(mut self, kill: bool) -> Self {
        self.kill_on_drop = kill;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// No such program, no permission, no such directory, too many descriptors or processes; `InvalidInput` for an argument
    /// with a NUL in it. All but the last name the program. No child is left behind then.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `await asyncio.create_subprocess_exec(…)`. Starting a child blocks the loop for a moment, there as here; since it is
    /// one step, it cannot be cancelled half way.
    pub fn spawn(&mut self) -> io::Result<Process> {
        let _in_a_loop = Loop::current();
        self.command.stdin(self.stdin.0.to_std()?);
        let merged = self.direct_output()?;
        let spawned = self.command.spawn();
        // The ends that std keeps of what was merged: while it had them, no end would ever be seen.
        self.command.stdout(process::Stdio::inherit()).stderr(process::Stdio::inherit());
        let mut child = spawned.map_err(|error| self.naming(&error))?;
        let ends = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Child::take_charge(child);
        match Pipes::new(ends, merged, self.limit) {
            Ok(pipes) => Ok(Process::new(child, pipes, self.kill_on_drop)),
            Err(error) => {
                // Nobody would have a handle of it.
                child.signal(super::child::KILL)?;
                Err(error)
            }
        }
    }

    /// Sets where the outputs lead. Where the two are mixed into one pipe, gives our end of it.
    fn direct_output(&mut self) -> io::Result<Option<io::PipeReader>> {
        if !matches!(self.stderr.0, Kind::Stdout) {
            self.command.stdout(self.stdout.0.to_std()?).stderr(self.stderr.0.to_std()?);
            return Ok(None);
        }
        match &self.stdout.0 {
            Kind::Pipe => {
                let (reader, writer) = io::pipe()?;
                self.command.stdout(writer.try_clone()?).stderr(writer);
                Ok(Some(reader))
            }
            Kind::Inherit | Kind::Stdout => {
                use std::os::fd::AsFd;
                self.command.stdout(process::Stdio::inherit());
                self.command.stderr(io::stdout().as_fd().try_clone_to_owned()?);
                Ok(None)
            }
            other => {
                self.command.stdout(other.to_std()?).stderr(other.to_std()?);
                Ok(None)
            }
        }
    }

    /// The same error, with the program in front; one of the kernel's keeps its number.
    fn naming(&self, error: &io::Error) -> io::Error {
        let program = self.command.get_program().display().to_string();
        io::Error::new(error.kind(), format!("cannot start {program:?}: {error}"))
    }

    /// Starts it and waits until it ends.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the child running, unless it is [to be killed](Self::kill_on_drop).
    pub async fn status(&mut self) -> io::Result<ExitStatus> {
        Ok(self.spawn()?.wait().await)
    }

    /// Starts it without input, waits until it ends, and gives what it wrote to its outputs.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the child running, unless it is [to be killed](Self::kill_on_drop); what it wrote is lost.
    pub async fn output(mut self) -> io::Result<Output> {
        (self.stdin, self.stdout, self.stderr) = (Stdio::DEVNULL, Stdio::PIPE, Stdio::PIPE);
        self.spawn()?.communicate("").await
    }
}

/// With everything that was set before; the three standard streams are set anew.
impl From<process::Command> for Command {
    fn from(command: process::Command) -> Self {
        let [stdin, stdout, stderr] = [Stdio::INHERIT, Stdio::INHERIT, Stdio::INHERIT];
        Self { command, stdin, stdout, stderr, kill_on_drop: false, limit: reader::LIMIT }
    }
}
