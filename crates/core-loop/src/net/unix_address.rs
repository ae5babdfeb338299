//! Where Unix sockets are: a path, an abstract name, or nowhere.

use nix::sys::socket::UnixAddr;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The address of a Unix socket, made from a path. A path that begins with a NUL is an abstract name, as in Python: it is in
/// no directory, and goes with its socket.
///
/// # Examples
///
/// ```
/// use core_loop::net::UnixAddress;
/// use std::path::Path;
///
/// assert_eq!(UnixAddress::from("/run/app.sock").as_pathname(), Some(Path::new("/run/app.sock")));
/// assert_eq!(UnixAddress::from("\0app").as_abstract_name(), Some(&b"app"[..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnixAddress(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Path(PathBuf),
    Abstract(Vec<u8>),
    Unnamed,
}

impl UnixAddress {
    /// The path, if it is one.
    #[must_use]
    pub fn as_pathname(&self) -> Option<&Path> {
        if let Kind::Path(path) = &self.0 { Some(path) } else { None }
    }

    /// The abstract name, if it is one, without the NUL in front.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        if let Kind::Abstract(name) = &self.0 { Some(name) } else { None }
    }

    /// Whether the socket was bound to nothing, as the connecting side of a stream mostly is.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.0 == Kind::Unnamed
    }

    pub(super) fn unnamed() -> Self {
        Self(Kind::Unnamed)
    }

    pub(super) fn of(address: &UnixAddr) -> Self {
        match (address.path(), address.as_abstract()) {
            (Some(path), _) => Self(Kind::Path(path.to_owned())),
            (None, Some(name)) => Self(Kind::Abstract(name.to_owned())),
            (None, None) => Self::unnamed(),
        }
    }

    /// In the kernel's words.
    pub(super) fn raw(&self) -> io::Result<UnixAddr> {
        let raw = match &self.0 {
            Kind::Path(path) => UnixAddr::new(path),
            Kind::Abstract(name) => UnixAddr::new_abstract(name),
            Kind::Unnamed => return Ok(UnixAddr::new_unnamed()),
        };
        raw.map_err(|errno| {
            let why = format!(
                "{self} is no address of a Unix socket ({errno}): it has up to 107 bytes, and no NUL inside"
            );
            io::Error::new(io::ErrorKind::InvalidInput, why)
        })
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => path.display().fmt(f),
            Kind::Abstract(name) => write!(f, "@{}", name.escape_ascii()),
            Kind::Unnamed => f.write_str("an unnamed socket"),
        }
    }
}

impl From<&OsStr> for UnixAddress {
    fn from(path: &OsStr) -> Self {
        match path.as_bytes() {
            [0, name @ ..] => Self(Kind::Abstract(name.to_owned())),
            _ => Self(Kind::Path(path.into())),
        }
    }
}

macro_rules! from_paths {
    ($($path:ty),*) => { $(
        impl From<$path> for UnixAddress {
            fn from(path: $path) -> Self {
                let path: &OsStr = path.as_ref();
                path.into()
            }
        }
    )* };
}

from_paths!(&str, String, &String, &Path, PathBuf, &PathBuf);

impl From<&UnixAddress> for UnixAddress {
    fn from(address: &UnixAddress) -> Self {
        address.clone()
    }
}
