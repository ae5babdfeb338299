//! `cargo xtask docs`: every link, include and page of the book is checked, then the book is built.

mod check;
mod markdown;
mod mdbook;
mod python;

use crate::args::{Args, Command, switch};
use crate::error::Result;
use crate::report::Verdict;
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "docs",
    about: "checks every link and include of the book, and builds it; mdbook is fetched where there is none",
    flags: &[
        switch("--check", "only check"),
        switch("--record", "ask CPython 3.13 for asyncio's public names, which the book must map"),
    ],
    run,
};

fn run(args: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    if args.has("--record") {
        python::record(&workspace.root)?;
    }
    let verdict = check(&workspace)?;
    if verdict == Verdict::Green && !args.has("--check") {
        println!("the book: {}", mdbook::build(&workspace)?.display());
    }
    Ok(verdict)
}

/// Looks at everything that can be looked at without building the book.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict> {
    let mut found = check::book(&workspace.root)?;
    let (names, lacking) = python::check(&workspace.root)?;
    found.problems.extend(lacking);
    found.problems.iter().for_each(|problem| println!("{problem}"));
    println!(
        "{} pages, {} links, {} includes, {names} names of asyncio: {} problems",
        found.pages,
        found.links,
        found.includes,
        found.problems.len()
    );
    Ok(Verdict::green_if(found.problems.is_empty()))
}
