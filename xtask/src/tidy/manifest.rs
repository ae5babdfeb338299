//! Third-party crates: each has a home, written beside it, and is used there.

use super::crates::is_library;
use crate::error::{self, Result};
use crate::workspace::{Package, Workspace};

/// A line of the workspace's `[workspace.dependencies]` that is not ours.
#[derive(Debug, PartialEq, Eq)]
struct Third {
    name: String,
    /// The comment behind it, `home: ` or `homes: ` taken off.
    home: Option<String>,
}

pub(crate) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let root = error::read(&workspace.root.join("Cargo.toml"))?;
    let thirds = thirds(&root);
    let mut found = Vec::new();
    for third in &thirds {
        let name = &third.name;
        match &third.home {
            None => found.push(format!("Cargo.toml: {name} has no home beside it: # home: CRATE")),
            Some(home) => {
                found.extend(strangers(workspace, name, home));
                found.extend(empty_homes(workspace, name, home));
            }
        }
    }
    for package in &workspace.packages {
        let text = error::read(&package.path.join("Cargo.toml"))?;
        found.extend(unshared(package, &text));
    }
    Ok(found)
}

fn thirds(manifest: &str) -> Vec<Third> {
    let section = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    let entries = section.filter(|line| !line.trim_start().starts_with('#') && line.contains('='));
    let third = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim().to_owned();
        let comment = line.rsplit_once('#').map(|(_, comment)| comment.trim());
        let home =
            comment.and_then(|comment| comment.strip_prefix("home: ").or(comment.strip_prefix("homes: ")));
        Third { name, home: home.map(str::to_owned) }
    };
    entries.filter(|line| !line.contains("path = ")).map(third).collect()
}

/// Library crates that use `name` away from its home.
fn strangers(workspace: &Workspace, name: &str, home: &str) -> Vec<String> {
    // `every crate with models` is a home as well: those that mean it only depend on it under their own cfg.
    let homes: Vec<&str> = home.split([',', ';', ' ']).collect();
    let uses =
        |package: &&Package| package.dependencies.iter().any(|needs| needs.normal && needs.package == name);
    let libraries = workspace.packages.iter().filter(|package| is_library(package));
    libraries
        .filter(uses)
        .filter(|package| !homes.contains(&package.folder.as_str()))
        .map(|package| format!("{}: uses {name}, whose home is {home}", package.folder))
        .collect()
}

/// Crates that are said to be its home and do not use it. A home that is yet to be built is no crate.
fn empty_homes(workspace: &Workspace, name: &str, home: &str) -> Vec<String> {
    let uses = |package: &Package| package.dependencies.iter().any(|needs| needs.package == name);
    let homes = home.split([',', ';', ' ']);
    let homes = homes.filter_map(|home| workspace.packages.iter().find(|package| package.folder == home));
    homes
        .filter(|package| !uses(package))
        .map(|package| {
            format!("Cargo.toml: {name} has its home in {}, which does not use it", package.folder)
        })
        .collect()
}

/// Dependencies whose version is not the workspace's.
fn unshared(package: &Package, manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end().trim_end_matches(']').ends_with("dependencies");
        } else if inside
            && line.contains('=')
            && !line.trim_start().starts_with('#')
            && !line.contains("workspace = true")
        {
            found.push(format!(
                "{}/Cargo.toml:{}: takes its version from elsewhere than the workspace",
                package.folder,
                at + 1
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Third, empty_homes, strangers, thirds, unshared};
    use crate::workspace::Workspace;

    #[test]
    fn the_home_stands_beside_each_dependency() {
        let manifest = "[workspace.dependencies]\n# Ours.\na = { path = \"crates/a\" }\nb = \"1\"   # home: x\nc = \"1\"\n[profile.dev]\n";
        let third =
            |name: &str, home: Option<&str>| Third { name: name.into(), home: home.map(str::to_owned) };
        assert_eq!(thirds(manifest), [third("b", Some("x")), third("c", None)]);
    }

    #[test]
    fn a_home_that_stands_empty_and_a_stranger_are_found() {
        let workspace = Workspace::load().unwrap();
        assert!(empty_homes(&workspace, "serde_json", "xtask").is_empty());
        assert_eq!(empty_homes(&workspace, "serde_json", "contract, xtask").len(), 1);
        assert!(
            strangers(&workspace, "nix", "core-loop, loop-io, process-executor; features are named there")
                .is_empty()
        );
        assert!(!strangers(&workspace, "nix", "sync-primitives").is_empty());
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        let workspace = Workspace::load().unwrap();
        let package = workspace.find("contract").unwrap();
        assert!(
            unshared(package, "[dependencies]\na.workspace = true\nb = { workspace = true }\n").is_empty()
        );
        assert_eq!(unshared(package, "[package]\nname = \"x\"\n[dev-dependencies]\na = \"1\"\n").len(), 1);
        assert_eq!(unshared(package, "[target.'cfg(loom)'.dependencies]\na = \"1\"\n").len(), 1);
    }
}
