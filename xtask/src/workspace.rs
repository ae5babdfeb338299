//! Where the root is and which crates there are, as cargo sees them.

use crate::args::did_you_mean;
use crate::error::{Error, Result};
use crate::{json, processes};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where everything that is built goes.
    pub(crate) target: PathBuf,
    /// Each after whatever it depends on.
    pub(crate) packages: Vec<Package>,
}

/// One crate of ours.
#[derive(Debug)]
pub(crate) struct Package {
    /// As it is published: `anyloop-core-loop`.
    pub(crate) name: String,
    /// Its folder, which is what everybody calls it: `core-loop`.
    pub(crate) folder: String,
    pub(crate) path: PathBuf,
    pub(crate) publishable: bool,
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<Target>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Something that cargo builds from a crate.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// One line of a manifest.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's own name, whatever it is called here.
    pub(crate) package: String,
    /// For every build, and not only for tests, build scripts or one platform.
    pub(crate) normal: bool,
    pub(crate) ours: bool,
}

impl Package {
    pub(crate) fn readme(&self) -> PathBuf {
        self.path.join("README.md")
    }

    /// Whether somebody may take this crate alone as a dependency.
    pub(crate) fn pickable(&self) -> bool {
        self.publishable && self.targets.iter().any(|target| target.kind == "lib")
    }

    /// Whether it depends on our crate in `folder`, for its tests at least.
    pub(crate) fn needs(&self, folder: &str) -> bool {
        self.dependencies.iter().any(|needs| needs.ours && needs.package == format!("anyloop-{folder}"))
    }

    /// The names of its targets of one kind.
    pub(crate) fn named(&self, kind: &str) -> Vec<&str> {
        self.targets.iter().filter(|target| target.kind == kind).map(|target| target.name.as_str()).collect()
    }
}

impl Workspace {
    /// Asks cargo, from the folder that holds this command.
    pub(crate) fn load() -> Result<Self> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let mut cargo = processes::cargo(&here);
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let ended = processes::run(&mut cargo, processes::Keep::Both, processes::BOUND)?;
        if !ended.success {
            return Err(Error::new(format!(
                "cargo cannot read the workspace:\n{}",
                ended.transcript().trim_end()
            )));
        }
        let document = json::parse(&ended.stdout, "cargo metadata")?;
        let packages = json::list(&document, "packages")?.iter().map(package).collect::<Result<_>>()?;
        let root = PathBuf::from(json::text(&document, "workspace_root")?);
        let target = PathBuf::from(json::text(&document, "target_directory")?);
        Ok(Self { root, target, packages: dependencies_first(packages) })
    }

    /// The crate in the folder `folder`; its published name is understood as well.
    pub(crate) fn find(&self, folder: &str) -> Result<&Package> {
        let known = |package: &&Package| package.folder == folder || package.name == folder;
        self.packages.iter().find(known).ok_or_else(|| {
            let mut folders: Vec<&str> =
                self.packages.iter().map(|package| package.folder.as_str()).collect();
            folders.sort_unstable();
            Error::new(format!("there is no crate `{folder}`{}", did_you_mean(folder, &folders)))
        })
    }
}

fn package(value: &Value) -> Result<Package> {
    let manifest = PathBuf::from(json::text(value, "manifest_path")?);
    let path = manifest.parent().unwrap_or(Path::new("/")).to_owned();
    let folder = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let target = |target: &Value| {
        let kind = target["kind"][0].as_str().unwrap_or_default().to_owned();
        Ok(Target { kind, name: json::text(target, "name")?.to_owned() })
    };
    let dependency = |dependency: &Value| {
        Ok(Dependency {
            package: json::text(dependency, "name")?.to_owned(),
            normal: dependency["kind"].is_null() && dependency["target"].as_str() != Some("cfg(loom)"),
            ours: dependency["path"].is_string(),
        })
    };
    Ok(Package {
        name: json::text(value, "name")?.to_owned(),
        folder,
        path,
        publishable: !value["publish"].is_array(),
        features: value["features"].as_object().into_iter().flat_map(|table| table.keys().cloned()).collect(),
        targets: json::list(value, "targets")?.iter().map(target).collect::<Result<_>>()?,
        dependencies: json::list(value, "dependencies")?.iter().map(dependency).collect::<Result<_>>()?,
    })
}

/// Whatever breaks a crate is then reported before whatever it breaks.
fn dependencies_first(mut left: Vec<Package>) -> Vec<Package> {
    left.sort_by(|a, b| a.folder.cmp(&b.folder));
    let mut sorted: Vec<Package> = Vec::new();
    while !left.is_empty() {
        let waiting: BTreeSet<String> = left.iter().map(|package| package.name.clone()).collect();
        let free = |package: &Package| {
            !package.dependencies.iter().any(|needs| needs.normal && waiting.contains(&needs.package))
        };
        // Cargo refuses circles, so one is always free; the fallback only keeps this loop finite.
        let next = left.iter().position(free).unwrap_or(0);
        sorted.push(left.remove(next));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn a_crate_is_found_by_its_folder_and_by_its_published_name() {
        let workspace = Workspace::load().unwrap();
        assert_eq!(workspace.find("contract").unwrap().name, "anyloop-contract");
        assert_eq!(workspace.find("anyloop-contract").unwrap().folder, "contract");
    }

    #[test]
    fn an_unknown_crate_names_the_nearest() {
        let error = Workspace::load().unwrap().find("contrac").unwrap_err().to_string();
        assert_eq!(error, "there is no crate `contrac`; did you mean `contract`?");
    }

    #[test]
    fn every_crate_comes_after_what_it_depends_on() {
        let packages = Workspace::load().unwrap().packages;
        for (at, package) in packages.iter().enumerate() {
            for needs in package.dependencies.iter().filter(|needs| needs.normal && needs.ours) {
                assert!(packages[..at].iter().any(|before| before.name == needs.package), "{}", package.name);
            }
        }
    }
}
