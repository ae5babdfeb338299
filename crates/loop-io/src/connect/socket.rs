//! What is asked of each connection.

use core_loop::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};
use std::io;

/// What is done to each connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    pub(crate) nodelay: bool,
    pub(crate) keep_alive: bool,
}

impl Tuning {
    /// Small writes leave at once, as asyncio has it.
    pub(crate) const fn new() -> Self {
        Self { nodelay: true, keep_alive: false }
    }

    pub(crate) fn apply(self, stream: &TcpStream) -> io::Result<()> {
        if self.nodelay {
            stream.set_nodelay(true)?;
        }
        if self.keep_alive {
            keep_alive(stream)?;
        }
        Ok(())
    }
}

/// Has the kernel ask a silent peer if it is still there. Where the network is in memory there is nobody to ask.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    match stream.descriptor() {
        Some(descriptor) => Ok(setsockopt(&descriptor, sockopt::KeepAlive, &true)?),
        None => Ok(()),
    }
}
