//! Where the three standard streams of a child lead.

use std::io;
use std::os::fd::OwnedFd;

/// Where one of a child's standard streams leads.
///
/// # Python
///
/// `subprocess.PIPE`, `DEVNULL`, `STDOUT`, `None`, and anything with a `fileno()`.
#[derive(Debug)]
pub struct Stdio(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Inherit,
    Null,
    Pipe,
    Stdout,
    Descriptor(OwnedFd),
}

impl Stdio {
    /// To where that of this program leads.
    pub const INHERIT: Self = Self(Kind::Inherit);
    /// Nowhere: nothing comes in, and what goes out is lost.
    pub const DEVNULL: Self = Self(Kind::Null);
    /// To this program, which finds the other end in the [`Process`](super::Process).
    pub const PIPE: Self = Self(Kind::Pipe);
    /// For standard error: to where standard output leads.
    pub const STDOUT: Self = Self(Kind::Stdout);
}

impl Kind {
    /// For std. A descriptor is duplicated, so that a command can be started more than once.
    pub(super) fn to_std(&self) -> io::Result<std::process::Stdio> {
        Ok(match self {
            Self::Inherit | Self::Stdout => std::process::Stdio::inherit(),
            Self::Null => std::process::Stdio::null(),
            Self::Pipe => std::process::Stdio::piped(),
            Self::Descriptor(descriptor) => descriptor.try_clone()?.into(),
        })
    }
}

impl<D: Into<OwnedFd>> From<D> for Stdio {
    fn from(descriptor: D) -> Self {
        Self(Kind::Descriptor(descriptor.into()))
    }
}
