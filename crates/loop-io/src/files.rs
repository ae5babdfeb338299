//! Files: read, written, appended to and walked on threads of the loop's default executor, since the kernel tells no readiness
//! of a file. For anything else [`to_thread`] takes a closure.
//!
//! # Errors
//!
//! What the kernel says, of the same kind, with the path in front. Whoever shut the default executor down is told so.
//!
//! # Panics
//!
//! Each of these outside a loop.
//!
//! # Cancel safety
//!
//! Dropping a future withdraws the work if it has not started. Work that runs goes on to its end: what is being written is
//! written as a whole, what is being read is thrown away.
//!
//! # Python
//!
//! What `await asyncio.to_thread(path.read_bytes)` and the like are there.
//!
//! # Examples
//!
//! ```
//! use loop_io::files;
//!
//! # core_loop::run(async {
//! let path = std::env::temp_dir().join(format!("an-example-{}", std::process::id()));
//! files::write(&path, "one\n").await?;
//! files::append(&path, "two\n").await?;
//! assert_eq!(files::read_to_string(&path).await?, "one\ntwo\n");
//! # std::fs::remove_file(&path)?;
//! # std::io::Result::Ok(())
//! # }).unwrap().unwrap();
//! ```

mod walk;

pub use walk::{Entry, Walk, walk};

use core_loop::to_thread;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// All that is in the file.
///
/// # Errors
///
/// What the kernel says; it names the path.
///
/// # Cancel safety
///
/// See [`files`](self).
///
/// # Python
///
/// `await asyncio.to_thread(path.read_bytes)`.
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    on_a_thread("read", path, |path| fs::read(path)).await
}

/// All that is in the file, which must be UTF-8.
///
/// # Errors
///
/// What the kernel says, or `InvalidData`; it names the path.
///
/// # Cancel safety
///
/// See [`files`](self).
///
/// # Python
///
/// `await asyncio.to_thread(path.read_text)`.
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    on_a_thread("read", path, |path| fs::read_to_string(path)).await
}

/// Makes the file, or empties it, and writes `contents`.
///
/// # Errors
///
/// What the kernel says; it names the path. A part may be written then.
///
/// # Cancel safety
///
/// See [`files`](self).
///
/// # Python
///
/// `await asyncio.to_thread(path.write_bytes, contents)`.
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]> + Send + 'static) -> io::Result<()> {
    on_a_thread("write", path, move |path| fs::write(path, contents)).await
}

/// Writes `contents` behind what is in the file, which is made if it is not there.
///
/// # Ordering
///
/// Of two that run at the same time either may come first; neither comes between the bytes of the other, unless a disk is full
/// or a signal comes in between. Await the first before the second is begun, where the order counts.
///
/// # Errors
///
/// What the kernel says; it names the path. A part may be written then.
///
/// # Cancel safety
///
/// See [`files`](self).
///
/// # Python
///
/// A function with `open(path, "ab")`, in `asyncio.to_thread`.
pub async fn append(path: impl AsRef<Path>, contents: impl AsRef<[u8]> + Send + 'static) -> io::Result<()> {
    let append = move |path: &PathBuf| {
        OpenOptions::new().append(true).create(true).open(path)?.write_all(contents.as_ref())
    };
    on_a_thread("append to", path, append).await
}

/// Calls `function` on a thread. Its error has the path in front.
async fn on_a_thread<T: Send + 'static>(
    verb: &'static str,
    path: impl AsRef<Path>,
    function: impl FnOnce(&PathBuf) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let path = path.as_ref().to_owned();
    let working = to_thread(move || function(&path).map_err(|error| naming(verb, &path, &error)));
    working.await.map_err(io::Error::other)?
}

fn naming(verb: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {verb} {}: {error}", path.display()))
}
