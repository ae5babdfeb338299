//! The handle of a child.

use super::child::{Child, KILL, TERMINATE};
use super::communicate::Progress;
use crate::pipes::{connect_read_pipe, connect_write_pipe};
use crate::{StreamReader, StreamWriter};
use core_loop::Waitable;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::sync::Arc;

/// A child process. Dropping it closes the pipes that were not taken out of it, once what was written is sent, and leaves the child running, unless it is
/// [to be killed](super::Command::kill_on_drop); it is reaped in any case.
///
/// # Examples
///
/// ```
/// use loop_io::process::{Command, Stdio};
///
/// # core_loop::run(async {
/// let mut child = Command::shell("read name; echo hello, $name").stdin(Stdio::PIPE).stdout(Stdio::PIPE).spawn()?;
/// let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.as_mut().unwrap());
/// stdin.write(b"you\n")?;
/// stdin.drain().await?;
/// assert_eq!(stdout.readline().await?, b"hello, you\n");
/// assert!(child.wait().await.success());
/// # Result::<(), Box<dyn std::error::Error>>::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `asyncio.subprocess.Process`. There a child whose handle is collected is killed, with a warning.
pub struct Process {
    child: Arc<Child>,
    /// Its standard input, if that is a pipe. Take it out to keep it, or to close it by its drop.
    pub stdin: Option<StreamWriter>,
    /// Its standard output, if that is a pipe.
    pub stdout: Option<StreamReader>,
    /// Its standard error, if that is a pipe of its own.
    pub stderr: Option<StreamReader>,
    kill_on_drop: bool,
    pub(super) progress: Progress,
}

/// Our ends of its pipes.
pub(super) struct Pipes {
    stdin: Option<StreamWriter>,
    stdout: Option<StreamReader>,
    stderr: Option<StreamReader>,
}

/// What std gives.
type Ends = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

impl Pipes {
    pub(super) fn new(
        (stdin, stdout, stderr): Ends,
        merged: Option<io::PipeReader>,
        limit: usize,
    ) -> io::Result<Self> {
        let read = |end: OwnedFd| {
            let mut reader = connect_read_pipe(end)?;
            reader.limit(limit);
            io::Result::Ok(reader)
        };
        let stdout = merged.map(OwnedFd::from).or(stdout.map(OwnedFd::from));
        Ok(Self {
            stdin: stdin.map(connect_write_pipe).transpose()?,
            stdout: stdout.map(read).transpose()?,
            stderr: stderr.map(OwnedFd::from).map(read).transpose()?,
        })
    }
}

impl Process {
    pub(super) fn new(child: Arc<Child>, pipes: Pipes, kill_on_drop: bool) -> Self {
        let Pipes { stdin, stdout, stderr } = pipes;
        Self { child, stdin, stdout, stderr, kill_on_drop, progress: Progress::default() }
    }

    /// Its number. Once it has ended another process may have it.
    ///
    /// # Python
    ///
    /// `process.pid`.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Waits until it has ended. Any number of tasks may wait, also afterwards. A pipe that nobody reads may keep it from
    /// ending: [`communicate`](Self::communicate) reads.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Python
    ///
    /// `await process.wait()`.
    pub async fn wait(&self) -> ExitStatus {
        self.exit().await
    }

    /// Its end, without its handle.
    pub(super) fn exit(&self) -> impl Future<Output = ExitStatus> + use<> {
        let exited = self.child.exited().clone();
        async move { exited.shield().await.expect("nobody cancels it") }
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        self.child.exited().result().ok().copied()
    }

    /// As Python has it: its exit code, or the negative number of the signal that ended it; `None` while it runs.
    ///
    /// # Python
    ///
    /// `process.returncode`.
    #[must_use]
    pub fn returncode(&self) -> Option<i32> {
        let status = self.status()?;
        status.code().or_else(|| status.signal().map(|signal| -signal))
    }

    /// Sends it a signal. `false` if it has ended before: then nothing is sent, to nobody.
    ///
    /// # Errors
    ///
    /// No such signal; no permission.
    ///
    /// # Python
    ///
    /// `process.send_signal(signal)`, which raises `ProcessLookupError` for one that has ended.
    pub fn send_signal(&self, signal: i32) -> io::Result<bool> {
        self.child.signal(signal)
    }

    /// Sends a signal to the process group that it leads, as [`process_group(0)`](super::Command::process_group) has it: to
    /// it and to the children that it started. `false` if it has ended before.
    ///
    /// # Errors
    ///
    /// No such signal; it leads no group.
    ///
    /// # Python
    ///
    /// `os.killpg(process.pid, signal)`.
    pub fn signal_group(&self, signal: i32) -> io::Result<bool> {
        let signal = Signal::try_from(signal)?;
        self.child.while_unreaped(|pid| Ok(killpg(Pid::from_raw(pid), signal)?))
    }

    /// Asks it to end: SIGTERM.
    ///
    /// # Errors
    ///
    /// No permission.
    ///
    /// # Python
    ///
    /// `process.terminate()`.
    pub fn terminate(&self) -> io::Result<bool> {
        self.send_signal(TERMINATE)
    }

    /// Ends it: SIGKILL.
    ///
    /// # Errors
    ///
    /// No permission.
    ///
    /// # Python
    ///
    /// `process.kill()`.
    pub fn kill(&self) -> io::Result<bool> {
        self.send_signal(KILL)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.kill_on_drop {
            // Somebody who may start it may also end it, unless it has changed its user.
            let _ = self.child.signal(KILL);
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("pid", &self.pid())
            .field("returncode", &self.returncode())
            .finish_non_exhaustive()
    }
}
