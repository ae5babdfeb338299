//! `cargo xtask stress`: everything at once on every driver and every executor, at random from a seed; also under valgrind
//! and under the thread sanitizer.

use crate::args::{Args, Command, did_you_mean, switch, valued};
use crate::error::{Error, Result};
use crate::processes::{self, Keep};
use crate::report::{Progress, Tally, Verdict};
use crate::workspace::Workspace;
use std::process;
use std::time::Duration;

mod sanitizer;
mod tool;

use tool::Tool;

pub(crate) const COMMAND: Command = Command {
    name: "stress",
    about: "everything at once on every driver and executor, from a seed: nothing is lost, and it ends",
    flags: &[
        valued("--ops", "N", "operations on each; a million unless said, fewer under a tool"),
        valued(
            "--seed",
            "S",
            "the seed of the first round, 1 unless said; a failure names the one to repeat",
        ),
        valued("--only", "WHAT", "loops, pools, or one of them: native, tokio, …, threads, processes"),
        switch("--valgrind", "under valgrind's memcheck"),
        switch("--thread-sanitizer", "under the thread sanitizer, which a nightly toolchain has"),
    ],
    run,
};

/// What is put under stress: the columns of the conformance matrix.
const LOOPS: &[&str] = &["native", "tokio", "smol", "glommio"];
const POOLS: &[&str] = &[
    "threads",
    "processes",
    "limited",
    "one-thread",
    "native-handle",
    "tokio-handle",
    "smol-handle",
    "glommio-handle",
];

const OPERATIONS: u64 = 1_000_000;
const SEED: u64 = 1;

/// A column takes seconds, and minutes under a tool. The program has a watchdog of its own; this is behind it.
const BOUND: Duration = Duration::from_secs(30 * 60);

fn run(args: &Args) -> Result<Verdict> {
    let tool = Tool::of(args)?;
    let operations = number(args, "--ops")?.unwrap_or(tool.operations(OPERATIONS));
    let seed = number(args, "--seed")?.unwrap_or(SEED);
    let columns = columns(args.value("--only"))?;
    let tally = all(&Workspace::load()?, &columns, tool, operations, seed)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

/// Puts every loop and every executor under a modest stress, without a tool.
pub(crate) fn modest(workspace: &Workspace) -> Result<Verdict> {
    let tally = all(workspace, &columns(None)?, Tool::None, OPERATIONS / 5, SEED)?;
    tally.print(false);
    Ok(tally.verdict(false))
}

fn all(workspace: &Workspace, columns: &[&str], tool: Tool, operations: u64, seed: u64) -> Result<Tally> {
    let program = tool.build(workspace)?;
    let mut progress = Progress::new(columns.len());
    let mut tally = Tally::default();
    for column in columns {
        if let Some(why) = tool.cannot(column) {
            tally.inapplicable.push(format!("{column}: {why}"));
            progress.step(column, || (), |()| "skipped".to_owned());
            continue;
        }
        let mut command = tool.command(workspace, &program);
        command.args(["stress", "--column", column]);
        command.args(["--ops", &operations.to_string(), "--seed", &seed.to_string()]);
        let word = |ended: &Result<Tally>| ended.as_ref().map_or("FAILED".into(), Tally::counts);
        tally.add(progress.step(column, || one(column, &mut command), word)?);
    }
    Ok(tally)
}

/// One column: a line of its own says what it did.
pub(crate) fn one(column: &str, command: &mut process::Command) -> Result<Tally> {
    let ended = processes::run(command, Keep::Both, BOUND)?;
    let said = ended.stdout.lines().find_map(|line| line.strip_prefix(column)?.strip_prefix(": "));
    let mut tally = Tally::default();
    match said {
        Some(skipped) if skipped.starts_with("skip: ") => tally.skip(column, skipped),
        Some(said) if ended.success => {
            eprintln!("      {said}");
            tally.passed = 1;
        }
        _ => {
            eprint!("{}", ended.transcript());
            tally.failed.push(format!("{column}: {}: {}", ended.how, said.unwrap_or("it said nothing")));
        }
    }
    Ok(tally)
}

fn columns(only: Option<&str>) -> Result<Vec<&'static str>> {
    let all = || LOOPS.iter().chain(POOLS).copied();
    match only {
        None => Ok(all().collect()),
        Some("loops") => Ok(LOOPS.to_vec()),
        Some("pools") => Ok(POOLS.to_vec()),
        Some(one) => match all().find(|column| *column == one) {
            Some(column) => Ok(vec![column]),
            None => {
                let known: Vec<&str> = ["loops", "pools"].into_iter().chain(all()).collect();
                Err(Error::new(format!("--only {one}: there is no such thing{}", did_you_mean(one, &known))))
            }
        },
    }
}

fn number(args: &Args, flag: &str) -> Result<Option<u64>> {
    let parse = |typed: &str| typed.parse().map_err(|_| Error::new(format!("{flag} {typed}: name a number")));
    args.value(flag).map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::{LOOPS, POOLS, columns};

    #[test]
    fn a_group_is_its_members_and_nothing_said_is_everything() {
        assert_eq!(columns(Some("loops")).unwrap(), LOOPS);
        assert_eq!(columns(None).unwrap().len(), LOOPS.len() + POOLS.len());
        assert_eq!(columns(Some("processes")).unwrap(), ["processes"]);
    }

    #[test]
    fn something_unknown_names_the_nearest() {
        let error = columns(Some("thread")).unwrap_err().to_string();
        assert_eq!(error, "--only thread: there is no such thing; did you mean `threads`?");
    }
}
