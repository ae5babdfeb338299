//! `cargo xtask ci`: everything that must hold before a change is merged, quickest to fail first.

use crate::args::{Args, Command};
use crate::conformance::Book;
use crate::error::Result;
use crate::processes::{self, BOUND, Keep};
use crate::report::{Tally, Verdict, seconds};
use crate::workspace::Workspace;
use crate::{bench, docs, loom, soak, stress, test, tidy};
use std::time::{Duration, Instant};

pub(crate) const COMMAND: Command = Command {
    name: "ci",
    about: "all of it, quickest to fail first: fmt, tidy, docs, clippy, rustdoc, loom, bench --smoke, stress, soak, test --strict",
    flags: &[],
    run,
};

/// A part of the whole. A later one is not begun when an earlier one fails.
struct Part {
    name: &'static str,
    /// The command that repeats it.
    again: &'static str,
    run: fn(&Workspace) -> Result<Verdict>,
}

const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        again: "cargo fmt --all",
        run: |workspace| cargo(workspace, &["fmt", "--all", "--check"], None),
    },
    Part { name: "tidy", again: "cargo xtask tidy", run: |_| (tidy::COMMAND.run)(&Args::default()) },
    Part { name: "docs", again: "cargo xtask docs --check", run: docs::check },
    Part {
        name: "clippy",
        again: "cargo clippy --workspace --all-targets -- -D warnings",
        run: |workspace| {
            cargo(workspace, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], None)
        },
    },
    Part {
        name: "rustdoc",
        again: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --lib",
        run: |workspace| {
            cargo(
                workspace,
                &["doc", "--workspace", "--no-deps", "--lib"],
                Some(("RUSTDOCFLAGS", "-D warnings")),
            )
        },
    },
    Part { name: "loom", again: "cargo xtask loom", run: |_| (loom::COMMAND.run)(&Args::default()) },
    Part { name: "bench", again: "cargo xtask bench --smoke", run: bench::smoke },
    Part { name: "stress", again: "cargo xtask stress --ops 200000", run: stress::modest },
    Part { name: "soak", again: "cargo xtask soak --minutes 1", run: soak::moment },
];

fn run(_: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let mut times = Vec::new();
    for part in PARTS {
        println!("── {}", part.name);
        let begin = Instant::now();
        let verdict = (part.run)(&workspace)?;
        times.push((part.name, begin.elapsed()));
        if verdict == Verdict::Red {
            let failed = format!("{}: why stands above; to repeat it: {}", part.name, part.again);
            return Ok(end(&times, &Tally { failed: vec![failed], ..Tally::default() }));
        }
    }
    println!("── test");
    let begin = Instant::now();
    let tally = test::all(&workspace, None, None, Book::Must)?;
    times.push(("test", begin.elapsed()));
    Ok(end(&times, &tally))
}

/// The counts come last, so that they are found at the end of any log.
fn end(times: &[(&str, Duration)], tally: &Tally) -> Verdict {
    summary(times);
    tally.print(true);
    tally.verdict(true)
}

fn summary(times: &[(&str, Duration)]) {
    println!("\ntimes:");
    for (name, took) in times {
        println!("  {name:<8} {:>12}", seconds(*took));
    }
    let total = times.iter().map(|(_, took)| *took).sum();
    println!("  {:<8} {:>12}", "in all", seconds(total));
}

fn cargo(workspace: &Workspace, args: &[&str], variable: Option<(&str, &str)>) -> Result<Verdict> {
    let mut command = processes::cargo(&workspace.root);
    command.args(args).envs(variable);
    Ok(Verdict::green_if(processes::run(&mut command, Keep::Nothing, BOUND)?.success))
}
