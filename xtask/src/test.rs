//! `cargo xtask test`: each crate alone, then every test, then the conformance matrix.

pub(crate) mod alone;
pub(crate) mod libtest;
mod readme;

use crate::args::{Args, Command, switch, valued};
use crate::conformance::{self, Book};
use crate::error::Result;
use crate::features;
use crate::processes::{self, Keep};
use crate::report::{Obstacle, Progress, Tally, Verdict};
use crate::runtimes::{self, RUNTIMES, Runtime};
use crate::workspace::{Package, Workspace};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const COMMAND: Command = Command {
    name: "test",
    about: "each crate alone, as a user gets it, then all tests, then the conformance matrix",
    flags: &[
        valued(
            "--runtime",
            "R",
            "only the crate that carries the loop on R, and its columns: native, tokio, smol, glommio, virtual",
        ),
        valued("-p", "CRATE", "only this crate, by its folder: thread-executor"),
        switch("--strict", "what could not run here is a failure"),
    ],
    run,
};

/// For the tests of one crate: the slowest build included.
const BOUND: Duration = Duration::from_secs(40 * 60);
/// For one example program.
const EXAMPLE_BOUND: Duration = Duration::from_secs(20 * 60);

/// One thing to do, with the name under which its progress is shown.
enum Step<'a> {
    /// The README of a crate, or of the workspace, in a project of its own.
    Alone(String, PathBuf),
    Tests(&'a Package),
    Example(&'a Package, &'a str),
    Matrix(Option<&'static Runtime>, Book),
}

fn run(args: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let runtime = args.value("--runtime").map(runtimes::find).transpose()?;
    let one = args.value("-p").map(|folder| workspace.find(folder)).transpose()?;
    let tally = all(&workspace, runtime, one, Book::May)?;
    let strict = args.has("--strict");
    tally.print(strict);
    Ok(tally.verdict(strict))
}

/// Runs whatever was chosen; without a choice, everything.
pub(crate) fn all(
    workspace: &Workspace,
    runtime: Option<&'static Runtime>,
    one: Option<&Package>,
    book: Book,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut steps = Vec::new();
    for package in chosen(workspace, runtime, one)? {
        if let Some(obstacle) = obstacle(package) {
            tally.blocked.push(format!("{}: {obstacle}", package.folder));
        } else {
            steps.extend(steps_of(package));
        }
    }
    if runtime.is_none() && one.is_none() {
        steps.insert(0, Step::Alone("README".into(), workspace.root.join("README.md")));
    }
    if runtime.is_some() || one.is_none() {
        steps.push(Step::Matrix(runtime, book));
    }
    let mut progress = Progress::new(steps.len());
    for step in &steps {
        let word = |tally: &Result<Tally>| tally.as_ref().map_or("FAILED".into(), Tally::counts);
        tally.add(progress.step(&step.title(), || step.run(workspace), word)?);
    }
    Ok(tally)
}

/// Why the tests of a crate cannot run on this machine.
fn obstacle(package: &Package) -> Option<Obstacle> {
    let carried = RUNTIMES.iter().find(|runtime| runtime.carrier == package.folder);
    carried.and_then(Runtime::obstacle).or_else(|| features::of(package).err())
}

fn chosen<'a>(
    workspace: &'a Workspace,
    runtime: Option<&Runtime>,
    one: Option<&'a Package>,
) -> Result<Vec<&'a Package>> {
    Ok(match (one, runtime) {
        (Some(package), _) => vec![package],
        (None, Some(runtime)) => vec![workspace.find(runtime.carrier)?],
        (None, None) => workspace.packages.iter().collect(),
    })
}

fn steps_of(package: &Package) -> Vec<Step<'_>> {
    let alone = package.pickable().then(|| Step::Alone(package.folder.clone(), package.readme()));
    let examples = package.named("example").into_iter().map(|name| Step::Example(package, name));
    alone.into_iter().chain([Step::Tests(package)]).chain(examples).collect()
}

impl Step<'_> {
    fn title(&self) -> String {
        match self {
            Self::Alone(name, _) => format!("{name} alone"),
            Self::Tests(package) => format!("{} tests", package.folder),
            Self::Example(package, name) => format!("{} example {name}", package.folder),
            Self::Matrix(None, _) => "conformance matrix".into(),
            Self::Matrix(Some(runtime), _) => format!("conformance matrix, {}", runtime.name),
        }
    }

    fn run(&self, workspace: &Workspace) -> Result<Tally> {
        match self {
            Self::Alone(name, readme) => alone::try_out(workspace, name, readme),
            Self::Tests(package) => tests(workspace, package),
            Self::Example(package, name) => example(workspace, package, name),
            Self::Matrix(runtime, book) => conformance::tally(workspace, *runtime, *book),
        }
    }
}

fn tests(workspace: &Workspace, package: &Package) -> Result<Tally> {
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["test", "-p", &package.name, "--no-fail-fast"]).args(features::of(package)?);
    let ended = processes::run(&mut cargo, Keep::Both, BOUND)?;
    let tally = libtest::tally(&package.folder, &ended);
    if !tally.failed.is_empty() {
        eprint!("{}", ended.transcript());
    }
    Ok(tally)
}

fn example(workspace: &Workspace, package: &Package, name: &str) -> Result<Tally> {
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["run", "-p", &package.name, "--example", name]).args(features::of(package)?);
    let ended = processes::run(&mut cargo, Keep::Both, EXAMPLE_BOUND)?;
    let mut tally = Tally::default();
    if ended.success {
        tally.passed = 1;
    } else {
        eprint!("{}", ended.transcript());
        tally.failed.push(format!("{}: example {name}: {}", package.folder, ended.how));
    }
    Ok(tally)
}
