//! `conformance-matrix`: every behaviour on every driver and executor, as JSON on standard output; progress on standard
//! error.

mod args;
mod columns;
mod document;
mod processes;

use args::{Args, USAGE};
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
    // Some behaviours panic on purpose; their cells say so if it is not what was to happen.
    std::panic::set_hook(Box::new(|_| ()));
    let columns: Vec<_> = args.columns.into_iter().filter_map(columns::Column::run).collect();
    let printed = print(&document::matrix(&columns));
    if columns.iter().any(columns::Column::failed) { ExitCode::FAILURE } else { printed }
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
