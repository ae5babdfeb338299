//! Cargo features for this machine: a program that links every runtime is built here without those that cannot be.

use crate::error::{Error, Result};
use crate::runtimes::RUNTIMES;
use crate::workspace::Package;

/// The arguments for cargo: none where everything can be built.
pub(crate) fn of(package: &Package) -> Result<Vec<String>> {
    let missing: Vec<_> =
        RUNTIMES.iter().filter_map(|runtime| Some((runtime.name, runtime.build_obstacle()?))).collect();
    let Some((name, obstacle)) = missing.first() else { return Ok(Vec::new()) };
    let optional = |name: &str| package.features.iter().any(|feature| feature == name);
    if missing.iter().any(|(name, _)| !optional(name)) {
        return Err(Error::new(format!("{} needs {name}: {obstacle}", package.folder)));
    }
    let kept =
        |feature: &&String| feature.as_str() != "default" && !missing.iter().any(|(name, _)| name == feature);
    let kept: Vec<&str> = package.features.iter().filter(kept).map(String::as_str).collect();
    Ok(vec!["--no-default-features".into(), "--features".into(), kept.join(",")])
}
