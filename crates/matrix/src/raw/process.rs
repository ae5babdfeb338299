//! One look in a process of its own, which may abort, exit or hang.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What takes longer hangs. The longest look takes a second, most a tenth; a busy machine makes them longer.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// How often a running process is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// Runs `command` and gives its words, or how it ended without any.
pub(super) fn watch(command: &mut Command, deadline: Duration) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let seen = command.spawn().and_then(|mut child| {
        let Some(status) = wait(&mut child, deadline)? else { return Ok("hangs".to_owned()) };
        // It has ended, and a few words fit into the pipe: this cannot block.
        let mut words = String::new();
        child.stdout.take().into_iter().try_for_each(|mut pipe| pipe.read_to_string(&mut words).map(drop))?;
        Ok(name(status, words.trim()))
    });
    seen.unwrap_or_else(|error| format!("skip: it could not be observed: {error}"))
}

/// The status, or nothing when the time was over and the process was killed.
fn wait(child: &mut Child, deadline: Duration) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(GLANCE);
    }
}

fn name(status: ExitStatus, words: &str) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) if words.is_empty() => "ends the process in silence".to_owned(),
        (Some(0), _) => words.to_owned(),
        (Some(code), _) => format!("exits with {code}"),
        (None, Some(6)) => "aborts (SIGABRT)".to_owned(),
        (None, Some(11)) => "crashes (SIGSEGV)".to_owned(),
        (None, signal) => format!("dies of signal {}", signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::watch;
    use std::process::Command;
    use std::time::{Duration, Instant};

    /// What is not to hang may take so long on any machine.
    const LONG: Duration = Duration::from_secs(60);

    fn script(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn a_look_that_hangs_is_cut_off_and_named() {
        let begin = Instant::now();
        assert_eq!(watch(&mut script("exec sleep 600"), Duration::from_millis(50)), "hangs");
        assert!(begin.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn the_words_count_only_when_the_process_ends_well() {
        assert_eq!(watch(&mut script("echo keeps running"), LONG), "keeps running");
        assert_eq!(watch(&mut script("echo keeps running; exit 1"), LONG), "exits with 1");
        assert_eq!(watch(&mut script("kill -ABRT $$"), LONG), "aborts (SIGABRT)");
        assert_eq!(watch(&mut script("kill -KILL $$"), LONG), "dies of signal 9");
        assert_eq!(watch(&mut script("exit 0"), LONG), "ends the process in silence");
    }

    #[test]
    fn what_cannot_be_started_says_why() {
        let words = watch(&mut Command::new("/no/such/program"), LONG);
        assert!(words.starts_with("skip: it could not be observed: "), "{words}");
    }
}
