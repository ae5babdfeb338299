//! Running a program, and what it said.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longer than any of them takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(120);

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `command` to its end, which must come.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = reading(child.stdout.take());
    let stderr = reading(child.stderr.take());
    let said = (stdout.recv_timeout(LONG), stderr.recv_timeout(LONG));
    let (Ok(stdout), Ok(stderr)) = said else {
        child.kill().expect("it still runs");
        panic!("{command:?} hung, and had said: {said:?}")
    };
    Ended { status: child.wait().expect("it has ended"), stdout, stderr }
}

/// All that comes out of a pipe, once it is closed.
fn reading(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let mut pipe = pipe.expect("it is piped");
    thread::spawn(move || {
        let mut said = Vec::new();
        let _what_came = pipe.read_to_end(&mut said);
        sender.send(String::from_utf8_lossy(&said).into_owned())
    });
    receiver
}

/// What a program's source says that it prints: its block of `text`.
#[track_caller]
pub(crate) fn promised(source: &str) -> String {
    block(source, "text")
}

/// The block of `language` at the head of a source.
#[track_caller]
pub(crate) fn block(source: &str, language: &str) -> String {
    let head = source.lines().map_while(|line| line.strip_prefix("//!"));
    let head = head.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let fence = format!("```{language}");
    let lines = head.skip_while(|line| **line != fence).skip(1).take_while(|line| *line != "```");
    let block: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert!(!block.is_empty(), "there is no block of {language}");
    block
}
