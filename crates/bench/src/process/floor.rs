//! What the kernel asks for a number to another process and back: one socket pair, no pool.

use super::{CALLS, check};
use crate::clock::Size;
use crate::table::Failure;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// A process that is started to add one to each number that it reads from its standard input, a socket.
pub(crate) const ADDS: &str = "--adds-one";

/// What such a process does.
pub(crate) fn add_one() {
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else { return };
    let mut socket = UnixStream::from(socket);
    let mut word = [0; 8];
    while socket.read_exact(&mut word).is_ok() {
        let next = u64::from_le_bytes(word) + 1;
        if socket.write_all(&next.to_le_bytes()).is_err() {
            return;
        }
    }
}

pub(super) fn socketpair(size: Size) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let (mut socket, theirs) = UnixStream::pair().map_err(Failure::broken)?;
    let mut command = Command::new("/proc/self/exe");
    command.arg(ADDS).stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
    let mut child = command.spawn().map_err(Failure::broken)?;
    // The other end is the child's alone now.
    drop(command);
    let time = size.measure_blocking(calls, || {
        (0..u64::from(calls)).try_for_each(|number| check(number, ask(&mut socket, number)))
    });
    drop(socket);
    child.wait().map_err(Failure::broken)?;
    time
}

fn ask(socket: &mut UnixStream, number: u64) -> std::io::Result<u64> {
    let mut word = number.to_le_bytes();
    socket.write_all(&word)?;
    socket.read_exact(&mut word)?;
    Ok(u64::from_le_bytes(word))
}
