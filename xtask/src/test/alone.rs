//! A crate in an empty project, taken exactly as its README says: what its first user meets.

use super::readme::{self, Taken};
use crate::error::{self, Result};
use crate::processes::{self, Keep};
use crate::report::Tally;
use crate::workspace::Workspace;
use std::path::Path;
use std::time::Duration;

/// Long enough to build a runtime on two busy cores; an example itself takes seconds.
const BOUND: Duration = Duration::from_secs(40 * 60);

/// Builds and runs the example of the README in `folder`, in a project of its own called `name`.
pub(crate) fn try_out(workspace: &Workspace, name: &str, readme: &Path) -> Result<Tally> {
    let what = format!("{name}: alone, as its README shows it");
    let mut tally = Tally::default();
    let taken = match error::read(readme).map(|text| readme::take(&text)) {
        Ok(Ok(taken)) => taken,
        Ok(Err(missing)) => {
            tally.failed.push(format!("{what}: {missing}"));
            return Ok(tally);
        }
        Err(error) => {
            tally.failed.push(format!("{what}: {error}"));
            return Ok(tally);
        }
    };
    let all = workspace.target.join("alone");
    let project = all.join(name);
    let dependencies = readme::rooted(&taken.dependencies, &workspace.root);
    error::write(&project.join("Cargo.toml"), &manifest(name, &dependencies))?;
    let program = place(&taken);
    error::write(&project.join(program.file), &taken.main)?;
    if let Some(library) = program.library {
        error::write(&project.join(library), "")?;
    }
    // The versions that are tested are those of the workspace, and no network is needed once these are fetched.
    let lock = error::read(&workspace.root.join("Cargo.lock"))?;
    error::write(&project.join("Cargo.lock"), &lock)?;
    let mut cargo = processes::cargo(&project);
    cargo
        .arg(if taken.runs { "run" } else { "build" })
        .args(program.select)
        .env("CARGO_TARGET_DIR", all.join("target"));
    let ended = processes::run(&mut cargo, Keep::Both, BOUND)?;
    if ended.success {
        tally.passed = 1;
    } else {
        eprint!("{}", ended.transcript());
        tally.failed.push(format!("{what}: {}", ended.how));
    }
    Ok(tally)
}

/// Where the example lies in its project.
struct Place {
    file: &'static str,
    select: &'static [&'static str],
    /// A package must have one, or a program.
    library: Option<&'static str>,
}

/// Only tests and examples have what is a dependency of tests.
fn place(taken: &Taken) -> Place {
    match taken.for_tests {
        false => Place { file: "src/main.rs", select: &[], library: None },
        true => Place {
            file: "examples/readme.rs",
            select: &["--example", "readme"],
            library: Some("src/lib.rs"),
        },
    }
}

/// `[workspace]` cuts the project off from ours, below whose target folder it lies.
fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"alone-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n{dependencies}\n"
    )
}
