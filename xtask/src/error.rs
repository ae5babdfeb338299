//! Why a command could not be carried out: one line that names the cure.

use std::fmt;

/// A sentence for the person at the keyboard.
#[derive(Debug)]
pub(crate) struct Error(String);

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl From<crate::report::Obstacle> for Error {
    fn from(obstacle: crate::report::Obstacle) -> Self {
        Self(obstacle.to_string())
    }
}

/// Reads a text file; the error names it.
pub(crate) fn read(path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error(format!("cannot read {}: {error}", path.display())))
}

/// Writes a file and the folders above it; the error names it.
pub(crate) fn write(path: &std::path::Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error(format!("cannot create {}: {error}", folder.display())))?;
    }
    std::fs::write(path, text).map_err(|error| Error(format!("cannot write {}: {error}", path.display())))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
