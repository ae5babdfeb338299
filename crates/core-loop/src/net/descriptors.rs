//! Descriptors that travel through a Unix socket to another process, or to another loop.

use super::unix_stream::UnixStream;
use crate::sys;
use contract::{Direction, budget};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::task::ready;

/// What [`UnixStream::recv_fds`] gives.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedFds {
    /// How many bytes came; 0 is the end.
    pub len: usize,
    /// The descriptors that came with them; they are closed when they are dropped, and in programs that this one starts.
    pub descriptors: Vec<OwnedFd>,
    /// Not all of them: this process has no room for more.
    pub truncated: bool,
}

impl UnixStream {
    /// Sends some of `bytes`, at least one, and with the first of them duplicates of `descriptors`, which stay open here.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no bytes, or for more descriptors than the kernel lets travel at a time (253); what the kernel says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    ///
    /// # Python
    ///
    /// `socket.send_fds(sock, [data], fds)`.
    pub async fn send_fds(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
        if bytes.is_empty() {
            let why = "descriptors travel with a byte at least: send one with them";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let numbers: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&numbers)];
        let rights = if numbers.is_empty() { &[][..] } else { &rights };
        let socket = self.as_fd().as_raw_fd();
        poll_fn(|cx| {
            ready!(budget::spend(cx));
            self.poll_io(cx, Direction::Write, &mut || {
                Ok(sendmsg::<()>(socket, &[IoSlice::new(bytes)], rights, MsgFlags::MSG_NOSIGNAL, None)?)
            })
        })
        .await
    }

    /// Receives bytes, and the descriptors that were sent with them. A plain read leaves them out, and they are lost.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Python
    ///
    /// `socket.recv_fds(sock, bufsize, maxfds)`.
    pub async fn recv_fds(&self, buffer: &mut [u8]) -> io::Result<ReceivedFds> {
        let (mut descriptors, mut truncated) = (Vec::new(), false);
        let len = poll_fn(|cx| {
            ready!(budget::spend(cx));
            self.poll_io(cx, Direction::Read, &mut || {
                let (len, cut) = sys::recv_descriptors(self.as_fd(), buffer, &mut descriptors)?;
                truncated = cut;
                Ok(len)
            })
        })
        .await?;
        Ok(ReceivedFds { len, descriptors, truncated })
    }
}
