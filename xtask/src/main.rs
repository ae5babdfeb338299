//! The project's own commands: `cargo xtask`. This file is their table; each command is a file.

mod args;
mod bench;
mod build;
mod ci;
mod compare;
mod conformance;
mod docs;
mod doctor;
mod error;
mod features;
mod json;
mod loom;
mod machine;
mod processes;
mod python;
mod report;
mod runtimes;
mod soak;
mod stress;
mod table;
mod test;
mod tidy;
mod workspace;

use args::Command;
use std::process::ExitCode;

const COMMANDS: &[Command] = &[
    compare::COMMAND,
    test::COMMAND,
    conformance::COMMAND,
    bench::COMMAND,
    build::COMMAND,
    doctor::COMMAND,
    docs::COMMAND,
    loom::COMMAND,
    stress::COMMAND,
    soak::COMMAND,
    tidy::COMMAND,
    ci::COMMAND,
];

/// 0: all is well. 1: something was found wrong, and said. 2: the command could not be carried out.
fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match args::dispatch(COMMANDS, &words) {
        Ok(report::Verdict::Green) => ExitCode::SUCCESS,
        Ok(report::Verdict::Red) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
