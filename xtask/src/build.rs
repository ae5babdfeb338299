//! `cargo xtask build`: every crate alone, as a user gets it, then all together.

use crate::args::{Args, Command};
use crate::error::Result;
use crate::features;
use crate::processes::{self, BOUND, Keep};
use crate::report::{Progress, Tally, Verdict};
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "build",
    about: "every crate alone, as a user gets it, then all together",
    flags: &[],
    run,
};

fn run(_: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let mut progress = Progress::new(workspace.packages.len() + 1);
    let mut tally = Tally::default();
    let mut together = vec!["--workspace".to_owned()];
    for package in &workspace.packages {
        match features::of(package) {
            Ok(features) => {
                // A workspace has no features to choose, so whoever needs a choice is built alone only.
                if !features.is_empty() {
                    together.extend(["--exclude".into(), package.name.clone()]);
                }
                let alone: Vec<String> =
                    ["-p".into(), package.name.clone()].into_iter().chain(features).collect();
                build(&workspace, &mut progress, &mut tally, &package.folder, &alone)?;
            }
            Err(obstacle) => {
                together.extend(["--exclude".into(), package.name.clone()]);
                tally.blocked.push(format!("{}: {obstacle}", package.folder));
                progress.step(&package.folder, || (), |()| "skipped".into());
            }
        }
    }
    build(&workspace, &mut progress, &mut tally, "all together", &together)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

fn build(
    workspace: &Workspace,
    progress: &mut Progress,
    tally: &mut Tally,
    what: &str,
    args: &[String],
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
