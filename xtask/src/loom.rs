//! `cargo xtask loom`: every model of a concurrent state machine, in every interleaving.

use crate::args::{Args, Command, valued};
use crate::error::{Error, Result};
use crate::processes::{self, Keep};
use crate::report::{Progress, Tally, Verdict};
use crate::test::libtest;
use crate::workspace::{Package, Workspace};
use std::time::Duration;

pub(crate) const COMMAND: Command = Command {
    name: "loom",
    about: "every loom model: each race in every interleaving",
    flags: &[valued("-p", "CRATE", "only the models of this crate")],
    run,
};

/// Models take seconds each; the rest is for building.
const BOUND: Duration = Duration::from_secs(40 * 60);

fn run(args: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let has_models = |package: &&Package| {
        ["tests/loom.rs", "tests/loom/main.rs"].iter().any(|models| package.path.join(models).is_file())
    };
    let packages: Vec<&Package> = match args.value("-p") {
        None => workspace.packages.iter().filter(has_models).collect(),
        Some(folder) => vec![workspace.find(folder)?].into_iter().filter(has_models).collect(),
    };
    if packages.is_empty() {
        return Err(Error::new("there are no models: no such crate has a tests/loom.rs"));
    }
    let mut progress = Progress::new(packages.len());
    let mut tally = Tally::default();
    for package in packages {
        let word = |ended: &Result<Tally>| ended.as_ref().map_or("FAILED".into(), Tally::counts);
        tally.add(progress.step(&package.folder, || models(&workspace, package), word)?);
    }
    tally.print(false);
    Ok(tally.verdict(false))
}

fn models(workspace: &Workspace, package: &Package) -> Result<Tally> {
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["test", "-p", &package.name, "--test", "loom", "--release", "--no-fail-fast"]);
    // Its own folder: the flag would otherwise throw away everything built without it, and be thrown away in turn.
    cargo.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", workspace.target.join("loom"));
    let ended = processes::run(&mut cargo, Keep::Both, BOUND)?;
    let tally = libtest::tally(&package.folder, &ended);
    for name in libtest::passed_names(&ended.stdout) {
        eprintln!("      ✔ {name}");
    }
    if !tally.failed.is_empty() {
        eprint!("{}", ended.transcript());
    }
    Ok(tally)
}
