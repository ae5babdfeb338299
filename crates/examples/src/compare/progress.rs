//! What is going on, on standard error: a line a row, which grows by a percentage each second.

use std::io::Write;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);

/// Numbered lines.
#[derive(Debug)]
pub(super) struct Progress {
    done: usize,
    of: usize,
    said: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { done: 0, of: 0, said: Instant::now() }
    }

    /// So many rows will come.
    pub(super) fn expect(&mut self, rows: usize) {
        self.of = rows;
    }

    pub(super) fn say(&self, words: &str) {
        write(&format!("{words}\n"));
    }

    /// Something that takes its time.
    pub(super) fn begin(&mut self, what: &str) {
        self.said = Instant::now();
        write(&format!("{what}:"));
    }

    /// The next of the rows.
    pub(super) fn begin_row(&mut self, row: &str) {
        self.done += 1;
        self.begin(&format!("[{:>2}/{}] {row}", self.done, self.of));
    }

    /// `jobs` are done of `count`; of a pass that is repeated there is nothing to say.
    pub(super) fn step(&mut self, jobs: usize, count: usize) {
        if jobs < count && self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            write(&format!(" {} %", jobs * 100 / count));
        }
    }

    pub(super) fn end(&self, outcome: &str) {
        write(&format!(" {outcome}\n"));
    }
}

/// Nobody may be reading, which is no reason to stop.
fn write(words: &str) {
    let _nobody_reads = std::io::stderr().write_all(words.as_bytes());
}
