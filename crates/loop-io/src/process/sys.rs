//! The system call that neither std nor nix offers.
#![expect(unsafe_code, reason = "raw system calls")]

use nix::errno::Errno;
use nix::libc;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// A descriptor that becomes readable when process `pid` ends. The kernel has it since 5.3; a container may refuse it: then a
/// thread waits instead.
pub(super) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = libc::c_long::from(i32::try_from(pid).map_err(io::Error::other)?);
    // SAFETY: two numbers go in; the flags (none) are valid.
    let opened = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0 as libc::c_long) })?;
    let descriptor = i32::try_from(opened).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, closed on exec, and told nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
