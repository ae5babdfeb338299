//! `cargo run --release -p examples --bin compare -- --files DIR`; `cargo xtask compare` shows the result as a table.
//!
//! Prints its progress on standard error, and one JSON document on standard output.

use examples::args::{Args, Wrong};
use examples::compare::{Failure, Options, run};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// 0: measured. 1: a job failed or places disagree. 2: what was asked for cannot be done. The reason is one line on
/// standard error.
fn main() -> ExitCode {
    let options = options().unwrap_or_else(|wrong| wrong.exit());
    match run(&options) {
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

fn options() -> Result<Options, Wrong> {
    let mut args = Args::from_env();
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
