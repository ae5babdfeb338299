//! The server as a child process: started on a free port, interrupted, and killed if a test fails.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

pub(super) const RUNTIMES: [&str; 4] = ["native", "tokio", "smol", "glommio"];

/// Only a hang takes this long.
pub(super) const BOUND: Duration = Duration::from_secs(300);

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo_server");

/// A server that listens.
pub(super) struct Server {
    child: Child,
    _watchdog: Watchdog,
    address: SocketAddr,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<BufReader<ChildStderr>>,
}

/// How a server ended, and all that it said since it listened.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs `scenario` against a fresh server on each runtime that can run here.
pub(super) fn on_every_runtime(scenario: impl Fn(&mut Server)) {
    for runtime in RUNTIMES {
        eprintln!("on {runtime}:");
        if let Some(mut server) = Server::start(runtime) {
            scenario(&mut server);
        }
    }
}

/// Whether `line` says that `runtime` cannot run on this machine; the reason is then printed.
pub(super) fn cannot_run_here(runtime: &str, line: &str) -> bool {
    let cannot = line.contains(" cannot run here: ");
    assert!(!cannot || runtime == "glommio", "{runtime} runs everywhere: {line}");
    if cannot {
        eprintln!("skipped: {line}");
    }
    cannot
}

/// Runs the server with a command line that it must refuse: the exit code, and the only line on standard error.
pub(super) fn refused(args: &[&str]) -> (Option<i32>, String) {
    refused_after("", args)
}

/// The same after `prelude`.
pub(super) fn refused_after(prelude: &str, args: &[&str]) -> (Option<i32>, String) {
    let ended = after(prelude).args(args).output().unwrap();
    assert_eq!(ended.stdout, b"", "it must not say that it listens");
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "not one line: {said}");
    (ended.status.code(), said.trim_end().to_owned())
}

/// The server, to be started by a shell that runs `prelude` first.
fn after(prelude: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{prelude} exec \"$0\" \"$@\"")).arg(PROGRAM).stdin(Stdio::null());
    shell
}

impl Server {
    /// `None` if the runtime cannot run here; the reason is printed.
    pub(super) fn start(runtime: &str) -> Option<Self> {
        Self::start_with(runtime, "")
    }

    /// After `prelude`, in a shell.
    pub(super) fn start_with(runtime: &str, prelude: &str) -> Option<Self> {
        let mut shell = after(prelude);
        shell.args(["--runtime", runtime, "--listen", "127.0.0.1:0", "--idle", "3600"]);
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let watchdog = Watchdog::over(&child);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(address) = line.strip_prefix("listening on http://") else {
            child.wait().unwrap();
            let mut why = String::new();
            stderr.read_to_string(&mut why).unwrap();
            assert!(cannot_run_here(runtime, &why), "{runtime} did not start: {line}{why}");
            return None;
        };
        let address = address.split(';').next().unwrap().parse().unwrap();
        Some(Self { child, _watchdog: watchdog, address, stdout: Some(stdout), stderr: Some(stderr) })
    }

    /// A file below `/proc/PID`, as text.
    pub(super) fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    /// How many descriptors it has open.
    pub(super) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Bytes that are resident.
    pub(super) fn resident(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// For how many ticks of the clock it has been computing.
    pub(super) fn ticks(&self) -> u64 {
        let stat = self.proc("stat");
        // Fields 14 and 15; the second is the name, which may hold anything.
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        fields.map(|field| field.parse::<u64>().unwrap()).sum()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next line on standard error.
    pub(super) fn stderr_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Nobody reads what it says any more.
    pub(super) fn close_outputs(&mut self) {
        self.stdout = None;
        self.stderr = None;
    }

    /// What Ctrl-C does, and what comes of it.
    pub(super) fn interrupt_and_wait(&mut self) -> Ended {
        assert!(signal("INT", self.child.id()));
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut reader) = self.stdout.take() {
            reader.read_to_string(&mut stdout).unwrap();
        }
        if let Some(mut reader) = self.stderr.take() {
            reader.read_to_string(&mut stderr).unwrap();
        }
        let status = self.child.wait().unwrap();
        Ended { code: status.code(), stdout, stderr }
    }
}

/// Kills a child that lives too long, so that nothing here waits for ever; dropping it ends the watch.
struct Watchdog {
    _watching: Sender<()>,
}

impl Watchdog {
    fn over(child: &Child) -> Self {
        let (sender, receiver) = channel::<()>();
        let pid = child.id();
        std::thread::spawn(move || {
            if receiver.recv_timeout(BOUND) == Err(RecvTimeoutError::Timeout) {
                signal("KILL", pid);
            }
        });
        Self { _watching: sender }
    }
}

/// The shell's own `kill`: there is no safe call for it in std.
fn signal(name: &str, pid: u32) -> bool {
    Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap().success()
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless a test failed or needed it no longer.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
