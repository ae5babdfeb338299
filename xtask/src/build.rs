//! `cargo xtask build`: every crate alone, as a user gets it, then all together.

use crate::args::Command;
use crate::error::Result;
use crate::processes::{self, BOUND, Keep};
use crate::report::{Obstacle, Progress, Tally, Verdict};
use crate::runtimes::RUNTIMES;
use crate::workspace::{Package, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "build",
    about: "every crate alone, as a user gets it, then all together",
    flags: &[],
    run,
};

fn run(_: &crate::args::Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let alone: Vec<&Package> = workspace.packages.iter().filter(|package| package.publishable).collect();
    let mut progress = Progress::new(alone.len() + 1);
    let mut tally = Tally::default();
    let mut blocked: Vec<&str> = Vec::new();
    for package in alone {
        if let Some(obstacle) = carrier_obstacle(package) {
            blocked.push(&package.name);
            tally.blocked.push(format!("{}: {obstacle}", package.folder));
            progress.step(&package.folder, || (), |()| "skipped".into());
        } else {
            build(&workspace, &mut progress, &mut tally, &package.folder, &["-p", &package.name])?;
        }
    }
    // Whatever stands on a crate that cannot be built here cannot be built either.
    let stands_on_blocked = |package: &&Package| {
        package.dependencies.iter().any(|needs| blocked.contains(&needs.package.as_str()))
    };
    let excluded: Vec<&str> =
        workspace.packages.iter().filter(stands_on_blocked).map(|package| package.name.as_str()).collect();
    let mut together = vec!["--workspace"];
    for name in blocked.iter().chain(&excluded) {
        together.extend(["--exclude", name]);
    }
    build(&workspace, &mut progress, &mut tally, "all together", &together)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

/// Why a crate cannot be built on this machine.
fn carrier_obstacle(package: &Package) -> Option<Obstacle> {
    RUNTIMES.iter().find(|runtime| runtime.carrier == package.folder)?.build_obstacle()
}

fn build(
    workspace: &Workspace,
    progress: &mut Progress,
    tally: &mut Tally,
    what: &str,
    args: &[&str],
) -> Result<()> {
    let mut cargo = processes::cargo(&workspace.root);
    cargo.arg("build").args(args);
    let word = |ended: &Result<processes::Finished>| match ended {
        Ok(ended) if ended.success => "built".to_owned(),
        _ => "FAILED".to_owned(),
    };
    let ended = progress.step(what, || processes::run(&mut cargo, Keep::Both, BOUND), word)?;
    if ended.success {
        tally.passed += 1;
    } else {
        eprint!("{}", ended.transcript());
        tally.failed.push(format!("{what}: does not build ({})", ended.how));
    }
    Ok(())
}
