//! `cargo run --release -p examples --bin compare -- --files DIR`, or `-- --job big-argument --size BYTES`; `cargo xtask compare`
//! shows the result as a table.
//!
//! Prints its progress on standard error, and one JSON document on standard output.

use examples::args::{Args, Wrong};
use examples::compare::{Failure, Options, run, run_big};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// 0: measured. 1: a job failed or places disagree. 2: what was asked for cannot be done. The reason is one line on
/// standard error.
fn main() -> ExitCode {
    match job().unwrap_or_else(|wrong| wrong.exit()) {
        Job::Everywhere(options) => end(run(&options)),
        Job::BigArgument(size) => end(run_big(size)),
    }
}

fn end(report: Result<impl Serialize, Failure>) -> ExitCode {
    match report {
        Ok(report) => {
            let text = serde_json::to_string_pretty(&report).expect("numbers and text can be written");
            match writeln!(std::io::stdout(), "{text}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(1, &format!("cannot print the report: {error}")),
            }
        }
        Err(failure @ Failure::Input(_)) => fail(2, &failure.to_string()),
        Err(failure @ Failure::Wrong(_)) => fail(1, &failure.to_string()),
    }
}

fn fail(code: u8, why: &str) -> ExitCode {
    let _nobody_reads = writeln!(std::io::stderr(), "{why}");
    code.into()
}

/// What is asked for.
enum Job {
    /// The same work on every runtime and in every place.
    Everywhere(Options),
    /// An object of so many bytes in every place.
    BigArgument(usize),
}

/// The largest object that one may ask for.
const LARGEST: usize = 1 << 30;

fn job() -> Result<Job, Wrong> {
    let mut args = Args::from_env();
    match args.value::<String>("--job", "big-argument")?.as_deref() {
        None => options(args).map(Job::Everywhere),
        Some("big-argument") => {
            let size = args.value("--size", "BYTES")?.unwrap_or(100_000_000);
            args.finish()?;
            if !(1..=LARGEST).contains(&size) {
                return Err(Wrong::new(format!("--size {size}: not from 1 to {LARGEST} bytes")));
            }
            Ok(Job::BigArgument(size))
        }
        Some(other) => Err(Wrong::new(format!("--job {other}: there is only `big-argument`"))),
    }
}

fn options(mut args: Args) -> Result<Options, Wrong> {
    let files = args.value("--files", "DIR")?;
    let primes_per_job = args.value("--primes-per-job", "NUMBERS")?.unwrap_or(50_000);
    let seconds: f64 = args.value("--seconds-per-row", "SECONDS")?.unwrap_or(0.5);
    let python = args.value("--python", "PROGRAM")?;
    args.finish()?;
    let files =
        files.ok_or_else(|| Wrong::new("--files DIR is missing: the directory whose files are hashed"))?;
    let row = Duration::try_from_secs_f64(seconds)
        .map_err(|error| Wrong::new(format!("--seconds-per-row {seconds}: {error}")))?;
    if !(1..=1_000_000).contains(&primes_per_job) {
        return Err(Wrong::new(format!("--primes-per-job {primes_per_job}: not from 1 to 1000000")));
    }
    Ok(Options { files, primes_per_job, row, python })
}
