//! Rules for whole crates: names, and who may know whom.

use crate::error::Result;
use crate::workspace::{Package, Workspace};

/// Who may know whom, among the library crates. Tests may know more.
const EDGES: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("sync-primitives", &["contract"]),
    ("thread-executor", &["contract"]),
    ("process-executor", &["contract"]),
    ("guest", &[]),
    ("interpreter-executor", &["contract", "guest", "thread-executor"]),
    ("core-loop", &["contract", "thread-executor"]),
    ("loop-tokio", &["contract", "core-loop"]),
    ("loop-smol", &["contract", "core-loop"]),
    ("loop-glommio", &["contract", "core-loop"]),
    ("loop-virtual", &["contract", "core-loop"]),
    ("loop-io", &["contract", "core-loop"]),
    ("loop-hyper", &["core-loop", "loop-io", "sync-primitives"]),
    ("loop-tls", &["contract", "core-loop", "loop-io"]),
    ("conformance", &["contract", "core-loop", "loop-io", "sync-primitives", "thread-executor"]),
    (
        "loop-test",
        &["conformance", "contract", "core-loop", "loop-tokio", "loop-smol", "loop-glommio", "loop-virtual"],
    ),
];

/// Whose tests may build every runtime, though it is no tool: they would have to be in the suite, and then whoever tests a
/// driver would build TLS.
const TESTED_EVERYWHERE: &[&str] = &["loop-tls"];

/// What needs every runtime, and is never published.
const TOOLS: &[&str] = &["matrix", "examples", "bench"];

pub(crate) fn is_library(package: &Package) -> bool {
    EDGES.iter().any(|(folder, _)| *folder == package.folder)
}

pub(crate) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        found.extend(names(package));
        found.extend(edges(workspace, package));
        if is_library(package) {
            found.extend(readme(package));
        }
        let manifest = crate::error::read(&package.path.join("Cargo.toml"))?;
        if !manifest.contains("[lints]\nworkspace = true") {
            found.push(format!("{}: its Cargo.toml lacks [lints] workspace = true", package.folder));
        }
    }
    Ok(found)
}

fn names(package: &Package) -> Vec<String> {
    let folder = &package.folder;
    let mut found = Vec::new();
    // The prefix keeps names apart in the registry; what is never published does without.
    let name = if package.publishable { format!("anyloop-{folder}") } else { folder.clone() };
    if package.name != name {
        found.push(format!("{folder}: the package is called {}, not {name}", package.name));
    }
    let library = folder.replace('-', "_");
    for name in package.named("lib").into_iter().filter(|name| *name != library) {
        found.push(format!("{folder}: the library is called {name}, not {library}"));
    }
    found
}

fn edges(workspace: &Workspace, package: &Package) -> Vec<String> {
    let folder = package.folder.as_str();
    let folder_of = |name: &str| {
        let ours = workspace.packages.iter().find(|other| other.name == name);
        ours.map_or_else(|| name.to_owned(), |ours| ours.folder.clone())
    };
    let ours = || package.dependencies.iter().filter(|needs| needs.ours);
    if TOOLS.contains(&folder) {
        return Vec::new();
    }
    if folder == "xtask" {
        return ours()
            .map(|needs| format!("xtask: links {}; it may link no crate of ours", needs.package))
            .collect();
    }
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == folder) else {
        return vec![format!(
            "{folder}: a crate that the plan does not know; a new room needs a decision record"
        )];
    };
    let mut found = Vec::new();
    for needs in ours() {
        let other = folder_of(&needs.package);
        if needs.normal && !allowed.contains(&other.as_str()) {
            found.push(format!("{folder}: may not know {other}"));
        } else if !needs.normal
            && (TOOLS.contains(&other.as_str()) || other.starts_with("loop-"))
            && !(other == "loop-test" && TESTED_EVERYWHERE.contains(&folder))
        {
            found.push(format!("{folder}: its tests may not build {other}; that is for the tools"));
        }
    }
    found
}

/// The front page: one sentence, then the lines that make it a dependency.
fn readme(package: &Package) -> Vec<String> {
    let folder = &package.folder;
    let Ok(text) = std::fs::read_to_string(package.readme()) else {
        return vec![format!("{folder}: has no README.md")];
    };
    let mut found = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with('#') || !first.ends_with('.') {
        found.push(format!("{folder}/README.md:1: begins with one sentence, not with {first:?}"));
    }
    if !["dependencies", "dev-dependencies"].iter().any(|head| text.contains(&format!("```toml\n[{head}]\n")))
    {
        found.push(format!("{folder}/README.md: shows no [dependencies] or [dev-dependencies] line"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{edges, names};
    use crate::workspace::{Dependency, Package, Target, Workspace};

    fn package(folder: &str, needs: &[(&str, bool)]) -> Package {
        let dependency = |(name, normal): &(&str, bool)| Dependency {
            package: format!("anyloop-{name}"),
            normal: *normal,
            ours: true,
        };
        Package {
            name: format!("anyloop-{folder}"),
            folder: folder.into(),
            path: "/".into(),
            publishable: true,
            features: Vec::new(),
            targets: vec![Target { kind: "lib".into(), name: folder.replace('-', "_") }],
            dependencies: needs.iter().map(dependency).collect(),
        }
    }

    fn problems(folder: &str, needs: &[(&str, bool)]) -> Vec<String> {
        let known = ["contract", "core-loop", "loop-tokio", "loop-test", "examples", "conformance"]
            .map(|name| package(name, &[]));
        edges(
            &Workspace { root: "/".into(), target: "/".into(), packages: known.into() },
            &package(folder, needs),
        )
    }

    #[test]
    fn an_edge_that_the_plan_has_is_allowed_and_any_other_is_found() {
        assert!(problems("loop-tokio", &[("contract", true), ("core-loop", true)]).is_empty());
        assert_eq!(problems("contract", &[("core-loop", true)]), ["contract: may not know core-loop"]);
    }

    #[test]
    fn tests_may_know_the_suite_but_no_other_runtime() {
        assert!(problems("core-loop", &[("conformance", false)]).is_empty());
        assert_eq!(problems("core-loop", &[("loop-tokio", false)]).len(), 1);
    }

    #[test]
    fn tests_of_tls_may_know_every_runtime_through_loop_test_alone() {
        assert!(problems("loop-tls", &[("loop-test", false)]).is_empty());
        assert_eq!(problems("loop-tls", &[("loop-tokio", false)]).len(), 1);
        assert_eq!(problems("core-loop", &[("loop-test", false)]).len(), 1);
    }

    #[test]
    fn tools_may_know_everybody_and_a_crate_outside_the_plan_is_found() {
        assert!(problems("examples", &[("loop-tokio", true)]).is_empty());
        assert_eq!(problems("attic", &[]).len(), 1);
    }

    #[test]
    fn a_package_or_library_of_another_name_is_found() {
        let mut odd = package("core-loop", &[]);
        assert!(names(&odd).is_empty());
        odd.name = "core-loop".into();
        odd.targets[0].name = "coreloop".into();
        assert_eq!(names(&odd).len(), 2);
    }
}
