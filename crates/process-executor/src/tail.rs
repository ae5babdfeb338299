//! A worker's standard error: the last bytes are kept for its obituary, whole lines are passed on to our own.

use crate::surroundings::Stderr;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::ChildStderr;

/// A pipe that reports room takes at least this much without blocking (`PIPE_BUF`).
const ATOMIC: usize = 4096;
/// At most this much is read in one visit, so that a chatterbox does not keep the supervisor from the other workers.
const VISIT: u64 = 256 << 10;

pub(crate) struct Tail {
    pipe: ChildStderr,
    policy: Stderr,
    keep: usize,
    last: Vec<u8>,
    /// The line that has not ended yet, if it is to be passed on.
    line: Vec<u8>,
}

impl Tail {
    pub(crate) fn new(pipe: ChildStderr, policy: Stderr, keep: usize) -> Self {
        Self { pipe, policy, keep, last: Vec::new(), line: Vec::new() }
    }

    pub(crate) fn pipe(&self) -> &ChildStderr {
        &self.pipe
    }

    /// Reads what is there; `false` once nothing will come any more.
    pub(crate) fn read(&mut self) -> bool {
        let mut bytes = Vec::new();
        let answer = (&mut self.pipe).take(VISIT).read_to_end(&mut bytes);
        self.note(&bytes);
        match answer {
            Ok(read) => read > 0,
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        let recent = &bytes[bytes.len().saturating_sub(self.keep)..];
        let surplus = (self.last.len() + recent.len()).saturating_sub(self.keep);
        self.last.drain(..surplus.min(self.last.len()));
        self.last.extend(recent);
        if self.policy == Stderr::Forward {
            self.line.extend(bytes);
            let whole = self.line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let ready = if self.line.len() - whole > ATOMIC { self.line.len() } else { whole };
            pass_on(&self.line[..ready]);
            self.line.drain(..ready);
        }
    }

    /// The worker is gone: its last words.
    pub(crate) fn close(mut self) -> String {
        // Bounded: a grandchild may hold the other end and write for ever.
        for _ in 0..4 {
            if !self.read() {
                break;
            }
        }
        pass_on(&self.line);
        String::from_utf8_lossy(&self.last).into_owned()
    }
}

/// Writes to our own standard error as long as that does not block: a reader who has stopped reading loses lines, the
/// pool loses nothing.
fn pass_on(bytes: &[u8]) {
    let stderr = io::stderr();
    for piece in bytes.chunks(ATOMIC) {
        let mut room = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        let ready = poll(&mut room, PollTimeout::ZERO).is_ok_and(|count| count > 0);
        if !ready || nix::unistd::write(&stderr, piece).is_err() {
            return;
        }
    }
}
