//! The path of a bound Unix socket: what was left there before, and what is left there after.

use super::stream::naming;
use super::unix_address::UnixAddress;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The path of a socket of ours. Dropping it removes the path, unless somebody else's is there by now.
#[derive(Debug)]
pub(super) struct OwnPath {
    path: PathBuf,
    /// Device and inode: nobody else has the same while the file exists. `None` for a path that is to stay.
    file: Option<(u64, u64)>,
}

impl OwnPath {
    /// Leaves the path where it is.
    pub(super) fn keep(mut self) {
        self.file = None;
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

impl Drop for OwnPath {
    fn drop(&mut self) {
        if self.file.is_some() && file_at(&self.path) == self.file {
            // Nobody is there who could be told that it could not be removed.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A new socket in non-blocking mode.
pub(super) fn unix_socket(kind: SockType) -> io::Result<OwnedFd> {
    Ok(socket::socket(AddressFamily::Unix, kind, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?)
}

/// Binds `socket`. A socket file that is at the path already, left behind or not, is replaced.
pub(super) fn bind(socket: &OwnedFd, address: &UnixAddress) -> io::Result<Option<OwnPath>> {
    let raw = address.raw()?;
    let named = |error: io::Error| naming("bind to", address, &error);
    if let Some(path) = address.as_pathname()
        && fs::metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
    {
        fs::remove_file(path).map_err(named)?;
    }
    socket::bind(socket.as_raw_fd(), &raw).map_err(|errno| named(errno.into()))?;
    let path = address.as_pathname();
    Ok(path.map(|path| OwnPath { path: path.to_owned(), file: file_at(path) }))
}
