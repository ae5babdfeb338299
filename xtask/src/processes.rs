//! Running other programs: with a bound on their time, and with everything they started killed when it is over.

use crate::error::{Error, Result};
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No single program runs longer than this.
pub(crate) const BOUND: Duration = Duration::from_secs(60 * 60);

/// How often a running program is looked at. Short against the seconds that these programs take.
const GLANCE: Duration = Duration::from_millis(20);

/// How often somebody who waits is told what a program with kept output is doing.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// How long output may still come after a program ended: what it left behind may hold the pipe open for ever.
const LATE_OUTPUT: Duration = Duration::from_secs(10);

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) success: bool,
    /// The time was over.
    pub(crate) was_killed: bool,
    /// How it ended: `exit status: 101`, `killed after 20 min 00 s`.
    pub(crate) how: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Both outputs, indented, for a report of what went wrong.
    pub(crate) fn transcript(&self) -> String {
        let lines = self.stderr.lines().chain(self.stdout.lines());
        lines.map(|line| format!("    {line}\n")).collect()
    }
}

/// Which outputs are kept; the others go where ours go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Nothing,
    Stdout,
    Both,
}

/// Runs `command` to its end, at most for `bound`.
pub(crate) fn run(command: &mut Command, keep: Keep, bound: Duration) -> Result<Finished> {
    let pipe_if = |kept: bool| if kept { Stdio::piped() } else { Stdio::inherit() };
    command.stdin(Stdio::null());
    command.stdout(pipe_if(keep != Keep::Nothing)).stderr(pipe_if(keep == Keep::Both));
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| {
        Error::new(format!("cannot start `{program}`: {error}; is it installed and on the PATH?"))
    })?;
    let stdout = child.stdout.take().map(Pipe::read);
    let stderr = child.stderr.take().map(Pipe::read);
    let show = || match &stderr {
        Some(stderr) => stderr.last_line(),
        None => String::new(),
    };
    let ended = wait(&mut child, bound, show)
        .map_err(|error| Error::new(format!("lost sight of `{program}`: {error}")))?;
    let was_killed = ended.is_none();
    let (success, how) = match ended {
        Some(status) => (status.success(), status.to_string()),
        None => (false, format!("killed after {}", crate::report::seconds(bound))),
    };
    let text = |pipe: Option<Pipe>| pipe.map(Pipe::text).unwrap_or_default();
    Ok(Finished { success, was_killed, how, stdout: text(stdout), stderr: text(stderr) })
}

/// The status, or `None` when the time was over and everything was killed. Shows a sign of life now and then.
fn wait(
    child: &mut Child,
    bound: Duration,
    show: impl Fn() -> String,
) -> std::io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    let mut signs = 1;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > bound {
            kill_descendants(child.id());
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        if begin.elapsed() > SIGN_OF_LIFE * signs {
            signs += 1;
            let line = show();
            if !line.is_empty() {
                eprintln!("      {}: {line}", crate::report::seconds(begin.elapsed()));
            }
        }
        std::thread::sleep(GLANCE);
    }
}

/// Cargo starts rustc and test programs; killing cargo alone would leave them running.
fn kill_descendants(root: u32) {
    let mut doomed = vec![root];
    let parents = parents();
    let mut at = 0;
    while let Some(parent) = doomed.get(at).copied() {
        doomed.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    let pids = doomed[1..].iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    if !pids.is_empty() {
        // The shell's own `kill`: there is no safe call for it in std. Those that ended meanwhile are no error.
        let _ended = Command::new("sh").args(["-c", &format!("kill -KILL {pids} 2>/dev/null")]).status();
    }
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        Some((pid, parent_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))
    })
    .collect()
}

/// The fourth field. The second is the name in parentheses, which may itself hold spaces and parentheses.
fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// What a program has written so far. Read on a thread of its own, so that neither pipe fills up while the other is read.
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Ends when the pipe does.
    open: Receiver<()>,
}

impl Pipe {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let (held, open) = channel();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = bytes.clone();
        std::thread::spawn(move || {
            let _held: Sender<()> = held;
            let mut chunk = vec![0; 16 * 1024];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(&chunk[..length]);
            }
        });
        Self { bytes, open }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn last_line(&self) -> String {
        self.so_far().lines().next_back().unwrap_or_default().trim().to_owned()
    }

    /// All of it, once the program has ended.
    fn text(self) -> String {
        // Nothing is ever sent: this waits for the end, or gives up on whoever still holds the pipe.
        let _ended = self.open.recv_timeout(LATE_OUTPUT);
        self.so_far()
    }
}

/// Whether a program of this name is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// `cargo` in the folder `at`: the same one that runs us, free of what it told us about ourselves.
pub(crate) fn cargo(at: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name.starts_with("CARGO_BIN_")
        {
            command.env_remove(name.as_ref());
        }
    }
    command.current_dir(at);
    command
}

#[cfg(test)]
mod tests {
    use super::{Keep, parent_in, run};
    use std::process::Command;
    use std::time::{Duration, Instant};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_apart_and_the_status_is_told() {
        let ended =
            run(&mut shell("echo out; echo err >&2; exit 3"), Keep::Both, Duration::from_secs(60)).unwrap();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!((ended.success, ended.how.as_str()), (false, "exit status: 3"));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_all_it_started() {
        // Long enough, at last, for the grandchild to say who it is.
        let bounds = [0.3, 3.0, 30.0].into_iter();
        let mut tries = bounds.map(|bound| {
            let bound = Duration::from_secs_f64(bound);
            let ended = run(&mut shell("sh -c 'echo $$; sleep 600'; true"), Keep::Both, bound).unwrap();
            assert!(!ended.success && ended.was_killed);
            assert_eq!(ended.how, format!("killed after {}", crate::report::seconds(bound)));
            ended
        });
        let ended = tries.find(|ended| ended.stdout.ends_with('\n')).expect("it is not that slow");
        let grandchild = std::path::PathBuf::from(format!("/proc/{}", ended.stdout.trim()));
        let begin = Instant::now();
        while std::fs::read_to_string(grandchild.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(begin.elapsed() < Duration::from_secs(30), "the grandchild outlived its bound");
            std::thread::yield_now();
        }
    }

    #[test]
    fn output_that_is_held_open_by_an_orphan_does_not_hold_us() {
        let begin = Instant::now();
        let ended =
            run(&mut shell("echo done; sleep 600 & echo $! >&2"), Keep::Both, Duration::from_secs(60))
                .unwrap();
        assert!(ended.success);
        assert_eq!(ended.stdout, "done\n");
        assert!(begin.elapsed() < Duration::from_secs(40));
        let killed = shell(&format!("kill {}", ended.stderr.trim())).status().unwrap();
        assert!(killed.success());
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error =
            run(&mut Command::new("no-such-program"), Keep::Nothing, super::BOUND).unwrap_err().to_string();
        assert!(error.contains("`no-such-program`") && error.contains("PATH"), "{error}");
    }

    #[test]
    fn the_parent_is_found_behind_a_name_with_parentheses() {
        assert_eq!(parent_in("12 (a) b) c) S 7 12 12"), Some(7));
    }
}
