//! `cargo xtask tidy`: the rules of the house that the compiler cannot check.

mod crates;
mod files;
mod manifest;
mod weight;

use crate::args::{Args, Command};
use crate::error::Result;
use crate::report::Verdict;
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command =
    Command { name: "tidy", about: "the rules of the house that the compiler cannot check", flags: &[], run };

fn run(_: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let mut problems = files::problems(&workspace.root)?;
    problems.extend(crates::problems(&workspace)?);
    problems.extend(manifest::problems(&workspace)?);
    problems.extend(weight::problems(&workspace)?);
    problems.iter().for_each(|problem| println!("{problem}"));
    println!("tidy: {} problems", problems.len());
    Ok(Verdict::green_if(problems.is_empty()))
}
