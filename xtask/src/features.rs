//! Cargo features for this machine: what links every runtime is built here without those that cannot be built.

use crate::report::Obstacle;
use crate::runtimes::{RUNTIMES, Runtime};
use crate::workspace::Package;

/// The arguments for cargo: none where everything can be built.
///
/// # Errors
///
/// A runtime that the package needs, cannot be built here, and is no feature that could be left out.
pub(crate) fn of(package: &Package) -> Result<Vec<String>, Obstacle> {
    let missing = RUNTIMES.iter().filter_map(|runtime| {
        let is_feature = package.features.iter().any(|feature| feature == runtime.name);
        let needed = is_feature || package.folder == runtime.carrier || package.needs(runtime.carrier);
        Some((runtime.name, runtime.build_obstacle().filter(|_| needed)?))
    });
    without(package, &missing.collect::<Vec<_>>())
}

/// The arguments for cargo to build `package` with no runtime but this one. Without it, if it cannot be built here: the
/// program says so.
pub(crate) fn for_one(package: &Package, runtime: &Runtime) -> Vec<String> {
    let mut args = vec!["--no-default-features".to_owned()];
    let is_feature = package.features.iter().any(|feature| feature == runtime.name);
    if is_feature && runtime.build_obstacle().is_none() {
        args.extend(["--features".into(), runtime.name.into()]);
    }
    args
}

fn without(package: &Package, missing: &[(&str, Obstacle)]) -> Result<Vec<String>, Obstacle> {
    let is_feature = |name: &str| package.features.iter().any(|feature| feature == name);
    if let Some((_, obstacle)) = missing.iter().find(|(name, _)| !is_feature(name)) {
        return Err(obstacle.clone());
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let stays = |feature: &&String| *feature != "default" && !missing.iter().any(|(name, _)| name == feature);
    let features: Vec<&str> = package.features.iter().filter(stays).map(String::as_str).collect();
    Ok(vec!["--no-default-features".into(), "--features".into(), features.join(",")])
}

#[cfg(test)]
mod tests {
    use super::{for_one, without};
    use crate::report::Obstacle;
    use crate::runtimes;
    use crate::workspace::Package;

    fn package(features: &[&str]) -> Package {
        Package {
            name: "anyloop-examples".into(),
            folder: "examples".into(),
            path: "/".into(),
            publishable: false,
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            targets: Vec::new(),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn a_runtime_that_cannot_be_built_is_left_out_and_the_other_features_stay() {
        let missing = [("glommio", Obstacle::new("no git", "install git"))];
        let args = without(&package(&["default", "glommio", "tls"]), &missing).unwrap();
        assert_eq!(args, ["--no-default-features", "--features", "tls"]);
        assert!(without(&package(&["default"]), &[]).unwrap().is_empty());
    }

    #[test]
    fn a_runtime_that_cannot_be_left_out_is_an_obstacle() {
        let missing = [("glommio", Obstacle::new("no git", "install git"))];
        assert_eq!(without(&package(&[]), &missing).unwrap_err().reason, "no git");
    }

    #[test]
    fn one_runtime_is_built_without_the_others() {
        let matrix = package(&["default", "glommio", "smol", "tokio"]);
        let smol = for_one(&matrix, runtimes::find("smol").unwrap());
        assert_eq!(smol, ["--no-default-features", "--features", "smol"]);
        assert_eq!(for_one(&matrix, runtimes::find("native").unwrap()), ["--no-default-features"]);
    }
}
