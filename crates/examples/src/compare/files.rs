//! Every file below a directory.

use super::report::Skipped;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// What is below a directory.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The paths of regular files, as the bytes that they are; in order.
    pub(super) files: Vec<Vec<u8>>,
    /// What is neither a file nor a directory that could be read.
    pub(super) skipped: Vec<Skipped>,
}

/// Walks `directory`. Links are not followed: what they lead to is elsewhere, or would be met twice.
///
/// # Errors
///
/// `directory` itself cannot be read.
pub(super) fn below(directory: &Path) -> io::Result<Found> {
    let directory = std::path::absolute(directory)?;
    let mut found = Found::default();
    found.enter(&directory, fs::read_dir(&directory).map_err(|error| clear(&error))?);
    found.files.sort_unstable();
    Ok(found)
}

/// The most likely mistakes in plain words.
fn clear(error: &io::Error) -> io::Error {
    let words = match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        io::ErrorKind::NotADirectory => "this is not a directory".to_owned(),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), words)
}

impl Found {
    fn enter(&mut self, directory: &Path, entries: fs::ReadDir) {
        let mut pending = vec![(directory.to_owned(), entries)];
        while let Some((directory, entries)) = pending.pop() {
            for entry in entries {
                match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
                    Ok((kind, entry)) if kind.is_dir() => pending.extend(self.open(entry.path())),
                    Ok((kind, entry)) => self.take(kind, &entry),
                    Err(error) => self.skip(directory.clone(), &error.to_string()),
                }
            }
        }
    }

    fn open(&mut self, directory: PathBuf) -> Option<(PathBuf, fs::ReadDir)> {
        match fs::read_dir(&directory) {
            Ok(entries) => Some((directory, entries)),
            Err(error) => {
                self.skip(directory, &error.to_string());
                None
            }
        }
    }

    fn take(&mut self, kind: FileType, entry: &DirEntry) {
        if kind.is_file() {
            self.files.push(bytes(entry.path()));
        } else if kind.is_symlink() {
            self.skip(entry.path(), "a symbolic link, which is not followed");
        } else {
            // To open a pipe would wait for its writer.
            self.skip(entry.path(), "not a regular file");
        }
    }

    fn skip(&mut self, path: PathBuf, why: &str) {
        self.skipped.push(Skipped::new(&bytes(path), why));
    }
}

fn bytes(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_vec()
}
