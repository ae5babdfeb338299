//! `cargo xtask soak`: servers, clients, children and pools on one loop of each runtime for minutes, and then the accounts.

use crate::args::{Args, Command, valued};
use crate::error::{Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::report::{Progress, Tally, Verdict};
use crate::workspace::Workspace;
use crate::{features, runtimes, stress};
use std::time::Duration;

pub(crate) const COMMAND: Command = Command {
    name: "soak",
    about: "minutes of resets, cancels and dying children on each runtime: nothing is left behind",
    flags: &[
        valued("--minutes", "N", "on each runtime; 10 unless said"),
        valued("--seed", "S", "what is done; 1 unless said"),
        valued("--only", "RUNTIME", "one of them: native, tokio, smol, glommio"),
    ],
    run,
};

const MINUTES: u64 = 10;
const SEED: u64 = 1;

/// The short form, which is part of `ci`.
const MOMENT: Duration = Duration::from_secs(5);

/// Virtual time has no children and no kernel.
const RUNTIMES: [&str; 4] = ["native", "tokio", "smol", "glommio"];

fn run(args: &Args) -> Result<Verdict> {
    let number = |flag: &str| -> Result<Option<u64>> {
        let parse =
            |typed: &str| typed.parse().map_err(|_| Error::new(format!("{flag} {typed}: name a number")));
        args.value(flag).map(parse).transpose()
    };
    let duration = Duration::from_secs(60 * number("--minutes")?.unwrap_or(MINUTES));
    let only = args.value("--only");
    if let Some(only) = only.filter(|only| !RUNTIMES.contains(only)) {
        runtimes::find(only)?;
        return Err(Error::new(format!(
            "--only {only}: there is no soak on it; there are {}",
            RUNTIMES.join(", ")
        )));
    }
    let asked = RUNTIMES.into_iter().filter(|runtime| only.is_none_or(|only| only == *runtime));
    let seed = number("--seed")?.unwrap_or(SEED);
    let tally = all(&Workspace::load()?, &asked.collect::<Vec<_>>(), duration, seed)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

/// A moment of it on every runtime.
pub(crate) fn moment(workspace: &Workspace) -> Result<Verdict> {
    let tally = all(workspace, &RUNTIMES, MOMENT, SEED)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

fn all(workspace: &Workspace, asked: &[&str], duration: Duration, seed: u64) -> Result<Tally> {
    let package = workspace.find("matrix")?;
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["build", "--release", "-p", &package.name]).args(features::of(package)?);
    if !processes::run(&mut cargo, Keep::Nothing, BOUND)?.success {
        return Err(Error::new("the soak does not build; what the compiler says stands above"));
    }
    let mut progress = Progress::new(asked.len());
    let mut tally = Tally::default();
    for runtime in asked {
        let mut command = std::process::Command::new(workspace.target.join("release/soak"));
        let (seconds, seed) = (duration.as_secs().to_string(), seed.to_string());
        command.args(["--runtime", runtime, "--seconds", &seconds, "--seed", &seed]);
        let word = |ended: &Result<Tally>| ended.as_ref().map_or("FAILED".into(), Tally::counts);
        tally.add(progress.step(runtime, || stress::one(runtime, &mut command), word)?);
    }
    Ok(tally)
}
