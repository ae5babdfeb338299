//! `conformance-matrix`: every behaviour on every driver, executor and set of primitives, as JSON on standard output;
//! progress on standard error. Or the stress on each driver and executor.

mod args;
mod columns;
mod document;
mod interpreters;
mod pools;
mod processes;
mod raw;

use args::{Args, USAGE};
use conformance::Stress;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Args { help: true, .. }) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(args) => args,
        Err(mistake) => {
            eprintln!("conformance-matrix: {mistake}");
            return ExitCode::from(2);
        }
    };
    if args.list {
        return print(&document::list());
    }
    if let Some((runtime, difference)) = &args.observe {
        return observe(runtime, difference);
    }
    // Some behaviours panic on purpose; their cells say so if it is not what was to happen.
    std::panic::set_hook(Box::new(|_| ()));
    if args.stress {
        let stress = Stress::new(args.operations.unwrap_or(1_000_000), args.seed.unwrap_or(1));
        // All of them are tried, also after one that failed.
        // Whoever breaks promises by nature has nothing to endure.
        let ours = args.columns.iter().filter(|entry| !entry.foreign);
        let failed = ours.filter(|entry| !columns::endure(entry, stress)).count();
        return if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let raw = args.raw.then(|| {
        raw::Table::observe(|driver| args.columns.iter().any(|entry| entry.runtime == Some(driver)))
    });
    let raw = match raw.transpose() {
        Ok(raw) => raw,
        Err(error) => {
            eprintln!("conformance-matrix: this program cannot start itself: {error}");
            return ExitCode::FAILURE;
        }
    };
    let columns: Vec<_> = args.columns.into_iter().map(columns::Column::run).collect();
    let printed = print(&document::matrix(&columns, raw.as_ref()));
    if columns.iter().any(columns::Column::failed) { ExitCode::FAILURE } else { printed }
}

/// One look at one raw runtime, in a process of its own.
fn observe(runtime: &str, difference: &str) -> ExitCode {
    match raw::observe(runtime, difference) {
        Ok(words) => {
            let printed = print(&words);
            // The words are what counts. What the runtime left behind might still hold up, or change, the end.
            std::process::exit(i32::from(printed != ExitCode::SUCCESS))
        }
        Err(mistake) => {
            eprintln!("conformance-matrix: {mistake}");
            ExitCode::from(2)
        }
    }
}

/// Writes to standard output; whoever closed it early wants no more.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance-matrix: the matrix could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
