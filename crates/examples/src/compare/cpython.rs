//! The same work in CPython: its loop, its threads and its processes, beside ours.

use super::cases::Cases;
use super::measure::Plan;
use super::report::Row;
use super::work::{Hash, Primes};
use core_loop::timeout;
use loop_io::process::{Command, Stdio};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::time::Duration;

const SCRIPT: &str = include_str!("cpython.py");

/// Longer than the six rows take where Python is a hundred times slower than Rust; only a hang reaches it.
const BOUND: Duration = Duration::from_secs(300);

/// What the script is given.
#[derive(Debug, Serialize)]
struct Asked {
    /// A path in hexadecimal digits, the digest likewise, and the words.
    files: Vec<(String, String, u64)>,
    /// The first number, the one after the last, and the primes.
    ranges: Vec<(u32, u32, u32)>,
    seconds: f64,
    in_flight: NonZeroUsize,
    cores: NonZeroUsize,
}

/// What it gives back for a row.
#[derive(Debug, Deserialize)]
struct Answer {
    row: Row,
    /// Which cases had another output than expected.
    differing: Vec<usize>,
}

/// What came of all rows.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) rows: Vec<Row>,
    /// Which files and which ranges had another output than expected.
    pub(super) differing: [Vec<usize>; 2],
}

/// Runs both kinds of work in the three places of `python`.
///
/// # Errors
///
/// Why there are no rows, with what the program said.
pub(super) fn measure(
    python: &str,
    hash: &Cases<Hash>,
    primes: &Cases<Primes>,
    plan: Plan,
    cores: NonZeroUsize,
) -> Result<Measured, String> {
    let asked = Asked {
        files: hash
            .iter()
            .filter_map(|(path, hashed)| Some((hex(path), hashed.as_ref().ok()?)))
            .map(|(path, hashed)| (path, hex(&hashed.sha256), hashed.words))
            .collect(),
        ranges: primes.iter().map(|((first, end), primes)| (*first, *end, *primes)).collect(),
        seconds: plan.at_least.as_secs_f64(),
        in_flight: plan.in_flight,
        cores,
    };
    let asked = serde_json::to_vec(&asked).map_err(|error| error.to_string())?;
    let said = core_loop::run(said_by(python, asked)).map_err(|error| error.to_string())??;
    let mut measured = Measured::default();
    for line in said.lines() {
        let answer: Answer =
            serde_json::from_str(line).map_err(|error| format!("it said {line:?}: {error}"))?;
        let differing = &mut measured.differing[usize::from(answer.row.work != "hash")];
        differing.extend(answer.differing);
        measured.rows.push(answer.row);
    }
    if measured.rows.is_empty() {
        return Err(format!("{python} gave no rows"));
    }
    for differing in &mut measured.differing {
        differing.sort_unstable();
        differing.dedup();
    }
    Ok(measured)
}

/// Everything that the script writes. Whatever ends this early kills it.
async fn said_by(python: &str, asked: Vec<u8>) -> Result<String, String> {
    let command = Command::new(python).arg("-c").arg(SCRIPT).kill_on_drop(true);
    let mut child = command
        .stdin(Stdio::PIPE)
        .stdout(Stdio::PIPE)
        .stderr(Stdio::PIPE)
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = timeout(BOUND, child.communicate(asked))
        .await
        .map_err(|_| format!("{python} was not done after {} s", BOUND.as_secs()))?
        .map_err(|error| format!("{python}: {error}"))?;
    if child.returncode() == Some(0) {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().next_back().unwrap_or("it said nothing");
    Err(format!("{python} ended with {}: {last}", child.returncode().unwrap_or_default()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn bytes_become_two_digits_each() {
        assert_eq!(hex(&[0, 0x0f, 0xff]), "000fff");
    }
}
