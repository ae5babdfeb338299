//! How many third-party crates a user of each crate builds, against its bound and against its README.

use super::crates::is_library;
use crate::error::{self, Error, Result};
use crate::processes::{self, Keep};
use crate::workspace::{Package, Workspace};
use std::collections::BTreeSet;

/// Third-party crates at most, counted as `cargo tree -e normal` does.
const BOUNDS: &[(&str, usize)] = &[
    ("contract", 0),
    ("sync-primitives", 0),
    ("thread-executor", 6),
    ("core-loop", 15),
    ("process-executor", 20),
    ("guest", 2),
    ("interpreter-executor", 20),
];

pub(crate) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in workspace.packages.iter().filter(|package| is_library(package)) {
        let folder = &package.folder;
        let weight = weight(workspace, package)?;
        if let Some((_, bound)) = BOUNDS.iter().find(|(name, bound)| name == folder && weight > *bound) {
            found.push(format!(
                "{folder}: {weight} third-party crates, more than {bound}: cargo tree -e normal -p {}",
                package.name
            ));
        }
        let Ok(readme) = error::read(&package.readme()) else { continue };
        match stated(&readme) {
            Some(stated) if stated == weight => {}
            Some(stated) => {
                found.push(format!("{folder}/README.md: says {stated} third-party crates, they are {weight}"))
            }
            None => found.push(format!("{folder}/README.md: does not say `# {weight} third-party crates`")),
        }
    }
    Ok(found)
}

fn weight(workspace: &Workspace, package: &Package) -> Result<usize> {
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["tree", "-e", "normal", "--prefix", "none", "-p", &package.name]);
    let tree = processes::run(&mut cargo, Keep::Both, processes::BOUND)?;
    if !tree.success {
        return Err(Error::new(format!("cargo tree fails on {}: {}", package.name, tree.stderr.trim())));
    }
    Ok(third_parties(&tree.stdout))
}

/// Distinct crates of a tree. Ours carry their path in parentheses, what was shown before carries an asterisk.
fn third_parties(tree: &str) -> usize {
    let names = tree.lines().filter(|line| !line.is_empty() && !line.contains("(/"));
    names.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>()).collect::<BTreeSet<_>>().len()
}

/// The number before `third-party crate` in the dependency lines.
fn stated(readme: &str) -> Option<usize> {
    let before = readme.split("third-party crate").next().filter(|before| before.len() < readme.len())?;
    before.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{stated, third_parties};

    #[test]
    fn a_crate_shown_twice_counts_once_and_ours_do_not_count() {
        let tree = "anyloop-x v0.1.0 (/a/x)\nnix v0.31.0\nlibc v0.2.1\ncfg-if v1.0.0 (*)\ncfg-if v1.0.0\nserde_derive v1.0.0 (proc-macro)\n";
        assert_eq!(third_parties(tree), 4);
    }

    #[test]
    fn the_readme_states_the_number_in_its_dependency_lines() {
        assert_eq!(stated("x = { path = \"y\" }   # 12 third-party crates\n"), Some(12));
        assert_eq!(stated("# 1 third-party crate\n"), Some(1));
        assert_eq!(stated("no word of it"), None);
    }
}
