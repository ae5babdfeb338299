//! `cargo xtask conformance`: every named behaviour on every runtime, as a table.

mod cpython;
mod matrix;
mod raw;

use crate::args::{Args, Command, switch, valued};
use crate::error::{self, Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::report::{Tally, Verdict};
use crate::runtimes::{self, Runtime};
use crate::workspace::Workspace;
use crate::{features, json, machine};
use matrix::Matrix;
use raw::Raw;
use serde_json::Value;
use std::path::PathBuf;

pub(crate) const COMMAND: Command = Command {
    name: "conformance",
    about: "the matrix: every named behaviour on every runtime, executor and primitive",
    flags: &[
        valued("--runtime", "R", "only what stands on R: native, tokio, smol, glommio, virtual"),
        switch("--raw", "also what the runtimes do without the loop, observed; words, which cannot fail"),
        switch("--json", "for programs"),
        switch("--bless", "write the table into the book; with --raw both tables"),
        switch("--check", "fail when the book says otherwise"),
        switch("--record", "record CPython's lines anew, instead: needs a python3 of 3.13"),
    ],
    run,
};

/// Where the book keeps the matrix.
const PAGE: &str = "docs/src/conformance-matrix.md";

/// Where the book keeps what was observed on the raw runtimes.
const RAW_PAGE: &str = "docs/src/runtimes-compared.md";

/// Whether the runtimes are also observed without the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Promises,
    WithRaw,
}

fn run(args: &Args) -> Result<Verdict> {
    if args.has("--record") {
        if ["--runtime", "--raw", "--json", "--bless", "--check"].iter().any(|other| args.has(other)) {
            return Err(Error::new("--record runs Python and nothing else: it goes without other flags"));
        }
        return cpython::record();
    }
    let workspace = Workspace::load()?;
    let runtime = args.value("--runtime").map(runtimes::find).transpose()?;
    let (bless, check) = (args.has("--bless"), args.has("--check"));
    if (bless || check) && runtime.is_some() {
        return Err(Error::new("the book holds the whole matrix: --bless and --check go without --runtime"));
    }
    let scope = if args.has("--raw") { Scope::WithRaw } else { Scope::Promises };
    if let (Scope::WithRaw, Some(name @ ("native" | "virtual"))) = (scope, args.value("--runtime")) {
        return Err(Error::new(format!(
            "the {name} loop stands on no runtime: --raw goes with tokio, smol or glommio",
        )));
    }
    let document = collect(&workspace, runtime, scope, Keep::Stdout)?;
    let matrix = Matrix::read(&document)?;
    let raw = (scope == Scope::WithRaw).then(|| Raw::read(&document)).transpose()?;
    if args.has("--json") {
        json::print(&document);
    } else {
        print!("{}", matrix.table());
        raw.iter().for_each(|raw| print!("\n{}", raw.table()));
    }
    if bless {
        let raw = raw.map(|raw| (RAW_PAGE, raw.page()));
        for (page, text) in std::iter::once((PAGE, matrix.page())).chain(raw) {
            error::write(&workspace.root.join(page), &text)?;
            eprintln!("written: {page}");
        }
    }
    if check && !agrees(&workspace, &matrix) {
        return Ok(Verdict::Red);
    }
    Ok(matrix.tally().verdict(false))
}

/// Whether the book says what this run found; a page that is not there does not.
fn agrees(workspace: &Workspace, matrix: &Matrix) -> bool {
    let agrees = error::read(&workspace.root.join(PAGE)).is_ok_and(|page| page == matrix.page());
    if !agrees {
        eprintln!("{PAGE} differs from this run; to write it anew: cargo xtask conformance --bless");
    }
    agrees
}

/// Whether the book has to say what a run finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Book {
    /// It is a failure if it does not.
    Must,
    /// It is said: a runtime may be missing here.
    May,
}

/// Runs the suite and counts its cells, without a line for each of them.
pub(crate) fn tally(workspace: &Workspace, runtime: Option<&Runtime>, book: Book) -> Result<Tally> {
    match collect(workspace, runtime, Scope::Promises, Keep::Both)
        .and_then(|document| Matrix::read(&document))
    {
        Ok(matrix) => {
            print!("{}", matrix.table());
            let agrees = runtime.is_some() || agrees(workspace, &matrix);
            Ok(judge(matrix.tally(), agrees, book))
        }
        Err(error) => Ok(Tally { failed: vec![format!("conformance matrix: {error}")], ..Tally::default() }),
    }
}

/// Builds and runs the suite's own program; adds this machine and CPython's column.
fn collect(workspace: &Workspace, runtime: Option<&Runtime>, scope: Scope, keep: Keep) -> Result<Value> {
    let program = build(workspace, runtime)?;
    let mut command = std::process::Command::new(program);
    command.current_dir(&workspace.root);
    if let Some(runtime) = runtime {
        command.args(["--runtime", runtime.name]);
    }
    if scope == Scope::WithRaw {
        command.arg("--raw");
    }
    // A red matrix may end its program with a failure; the cells say why, so the document decides.
    let ended = processes::run(&mut command, keep, BOUND)?;
    if ended.stdout.trim().is_empty() {
        eprint!("{}", ended.transcript());
        return Err(Error::new(format!("the suite ended without a matrix ({})", ended.how)));
    }
    let mut document = json::parse(&ended.stdout, "the suite")?;
    document["machine"] = machine::describe();
    cpython::add_column(workspace, &mut document)?;
    Ok(document)
}

/// With one runtime nothing of the others is built.
fn build(workspace: &Workspace, runtime: Option<&Runtime>) -> Result<PathBuf> {
    let package = workspace.find("matrix")?;
    let features =
        runtime.map_or_else(|| features::of(package), |runtime| Ok(features::for_one(package, runtime)))?;
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["build", "-p", &package.name, "--bin", "conformance-matrix"]);
    if !processes::run(cargo.args(features), Keep::Nothing, BOUND)?.success {
        return Err(Error::new("the suite does not build; what the compiler says stands above"));
    }
    Ok(workspace.target.join("debug/conformance-matrix"))
}

/// Adds to what a run found what the book says of it.
fn judge(mut tally: Tally, agrees: bool, book: Book) -> Tally {
    match (agrees, book) {
        (true, Book::Must) => tally.passed += 1,
        (false, Book::Must) => {
            tally.failed.push(format!("{PAGE} differs from this run; cure: cargo xtask conformance --bless"));
        }
        (_, Book::May) => {}
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::{Book, judge};
    use crate::report::Tally;

    #[test]
    fn a_book_that_differs_is_a_failure_where_it_must_agree_and_nowhere_else() {
        let found = || Tally { passed: 1, ..Tally::default() };
        assert_eq!(judge(found(), false, Book::May).counts(), "1 passed, 0 failed, 0 skipped");
        assert_eq!(judge(found(), true, Book::Must).counts(), "2 passed, 0 failed, 0 skipped");
        let differs = judge(found(), false, Book::Must);
        assert_eq!(differs.counts(), "1 passed, 1 failed, 0 skipped");
        assert!(differs.failed[0].contains("cure: cargo xtask conformance --bless"), "{differs:?}");
    }
}
