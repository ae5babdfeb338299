//! Building the book: with the mdBook that is installed, or with one that is built once and kept in the target folder.

use crate::error::{Error, Result};
use crate::processes::{self, BOUND, Keep, on_path};
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version whose output was looked at.
const VERSION: &str = "0.5.4";

/// Builds the book and gives its front page.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mdbook = find_or_install(workspace)?;
    let book = workspace.target.join("book");
    let mut build = Command::new(&mdbook);
    build.arg("build").arg(workspace.root.join("docs")).arg("--dest-dir").arg(&book);
    let ended = processes::run(&mut build, Keep::Both, BOUND)?;
    // mdBook ends well, too, when a page includes what is not there: it only says so.
    let said = ended.transcript();
    if !ended.success || complains(&said) {
        return Err(Error::new(format!("`{} build docs`: {}\n{said}", mdbook.display(), ended.how)));
    }
    Ok(book.join("index.html"))
}

fn complains(said: &str) -> bool {
    said.lines().any(|line| ["ERROR", "WARN"].iter().any(|level| line.trim_start().starts_with(level)))
}

fn find_or_install(workspace: &Workspace) -> Result<PathBuf> {
    if on_path("mdbook") {
        return Ok("mdbook".into());
    }
    let tools = workspace.target.join("tools");
    let kept = tools.join("bin/mdbook");
    if !kept.is_file() {
        install(&tools, &workspace.target)?;
    }
    Ok(kept)
}

fn install(tools: &Path, target: &Path) -> Result<()> {
    println!("mdbook {VERSION} is built once, for two to five minutes, into {}", tools.display());
    let mut install = processes::cargo(target);
    install.args(["install", "mdbook", "--version", VERSION, "--locked", "--no-default-features", "--root"]);
    install.arg(tools);
    let ended = processes::run(&mut install, Keep::Both, BOUND)?;
    if ended.success {
        return Ok(());
    }
    Err(Error::new(format!(
        "the book was not built, because mdbook is not installed and cannot be: {}\n{}\
         cure: install mdbook by hand; `cargo xtask docs --check` checks the book without it",
        ended.how,
        ended.transcript()
    )))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_warning_of_mdbook_is_a_failure_and_its_progress_is_not() {
        assert!(!super::complains("     INFO Book building has started\n"));
        assert!(super::complains(" INFO x\n    ERROR Error updating \"{{#include nothing.rs}}\"\n"));
        assert!(super::complains("    WARN unclosed HTML tag\n"));
    }
}
