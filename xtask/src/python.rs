//! The Pythons of this machine.

use crate::machine;
use crate::processes::on_path;
use crate::report::Obstacle;
use std::fmt;

/// A Python that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    /// As it is started: `python3.13`.
    pub(crate) program: String,
    /// `3.13.0`.
    pub(crate) version: String,
}

/// Every `python3` and `python3.N` on the PATH that really runs.
pub(crate) fn all() -> Vec<Python> {
    let names = std::iter::once("python3".to_owned()).chain((9..=20).map(|minor| format!("python3.{minor}")));
    let python = |program: String| {
        let line = machine::first_line(&program, &["--version"])?;
        Some(Python { version: line.strip_prefix("Python ")?.to_owned(), program })
    };
    names.filter(|name| on_path(name)).filter_map(python).collect()
}

/// The oldest of `pythons` that is new enough: the behaviours name its tests.
pub(crate) fn at_least(minor: u32, pythons: Vec<Python>) -> Result<Python, Obstacle> {
    let found = pythons.iter().map(Python::to_string).collect::<Vec<_>>().join(", ");
    let enough = pythons.into_iter().filter(|python| python.minor().is_some_and(|has| has >= minor));
    enough.min_by_key(Python::minor).ok_or_else(|| {
        let found = if found.is_empty() { "none at all".to_owned() } else { format!("only {found}") };
        Obstacle::new(
            format!("there is no python3 of version 3.{minor} or newer on the PATH: {found}"),
            format!("install Python 3.{minor}; with pyenv, choose it with PYENV_VERSION=3.{minor}"),
        )
    })
}

/// The newest, if it has what the comparison needs: 3.9.
pub(crate) fn newest(pythons: Vec<Python>) -> Option<Python> {
    pythons.into_iter().filter(|python| python.minor() >= Some(9)).max_by_key(Python::minor)
}

impl Python {
    fn minor(&self) -> Option<u32> {
        self.version.strip_prefix("3.")?.split('.').next()?.parse().ok()
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.program, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::{Python, at_least, newest};

    fn pythons(versions: &[&str]) -> Vec<Python> {
        let python =
            |version: &&str| Python { program: "python3".to_owned(), version: (*version).to_owned() };
        versions.iter().map(python).collect()
    }

    #[test]
    fn the_oldest_that_is_new_enough_is_chosen() {
        let chosen = at_least(13, pythons(&["3.9.18", "3.14.1", "3.13.0", "3.12.1"])).unwrap();
        assert_eq!(chosen.version, "3.13.0");
    }

    #[test]
    fn without_one_the_refusal_names_what_is_there_and_the_cure() {
        let none = at_least(13, Vec::new()).unwrap_err().to_string();
        assert!(none.contains("none at all; cure: install Python 3.13"), "{none}");
        let old = at_least(13, pythons(&["3.9.18"])).unwrap_err().to_string();
        assert!(old.contains("only python3 (3.9.18)"), "{old}");
    }

    #[test]
    fn the_newest_is_taken_unless_it_is_too_old() {
        assert_eq!(newest(pythons(&["3.9.1", "3.13.0", "3.11.2"])).unwrap().version, "3.13.0");
        assert_eq!(newest(pythons(&["3.8.0", "2.7.18"])), None);
    }
}
