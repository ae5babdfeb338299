//! What the comparison prints: one document, numbers with their units in their names.

use super::place::Place;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// All that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it was measured.
    pub machine: Machine,
    /// How many files there were to hash.
    pub files: usize,
    /// How long they are together.
    pub bytes: u64,
    /// What below the directory was left out.
    pub skipped: Vec<Skipped>,
    /// Runtimes that could not run here, CPython among them, and the process pool if it could not.
    pub unavailable: Vec<Missing>,
    /// One for each work, runtime and place.
    pub rows: Vec<Row>,
    /// What to choose, in one sentence.
    pub advice: String,
}

/// One work on one runtime in one place.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// `hash` or `primes`.
    pub work: String,
    /// The runtime that carried the loop; `cpython`, with its version, for rows that are not ours.
    pub runtime: String,
    /// Where the work ran.
    pub place: Place,
    /// How many jobs ran.
    pub jobs: usize,
    /// How many ran in a second.
    pub jobs_per_s: f64,
    /// How long half of them took at most, from the submission to the end.
    pub p50_ms: f64,
    /// How long all but one in a hundred took at most.
    pub p99_ms: f64,
    /// How late the loop was at worst for a task that was due.
    pub worst_loop_delay_ms: f64,
}

/// A file or directory that was left out.
#[derive(Debug, Serialize)]
pub struct Skipped {
    /// Bytes that are no text are written as `\xFF`.
    pub path: String,
    /// The reason.
    pub why: String,
}

impl Skipped {
    pub(super) fn new(path: &[u8], why: &str) -> Self {
        Self { path: readable(path), why: why.to_owned() }
    }

    pub(super) fn changed(path: &[u8]) -> Self {
        Self::new(path, "it changed meanwhile")
    }
}

/// A path as text, from which its bytes can still be told.
pub(super) fn readable(path: &[u8]) -> String {
    let chunks = path.utf8_chunks();
    chunks.map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii())).collect()
}

/// Something that could not be measured here.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// Its name.
    pub runtime: String,
    /// The reason, with the cure.
    pub why: String,
}

/// What it was measured on.
#[derive(Debug, Serialize)]
pub struct Machine {
    os: &'static str,
    arch: &'static str,
    kernel: String,
    cores: usize,
}

/// This machine.
pub(super) fn machine() -> Machine {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".into());
    Machine {
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        kernel: kernel.trim().to_owned(),
        cores: available_parallelism().map_or(1, NonZeroUsize::get),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_path_that_is_no_text_keeps_its_bytes() {
        assert_eq!(readable("dir/ä".as_bytes()), "dir/ä");
        assert_eq!(readable(b"dir/\xff\xfename"), r"dir/\xff\xfename");
    }
}
