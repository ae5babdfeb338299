//! System calls that neither std nor glommio makes for us: the only unsafe code in this crate.
#![expect(
    unsafe_code,
    reason = "io_uring_setup and fcntl are libc's, and glommio takes sockets by their numbers only"
)]

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::{TcpListener as StdListener, TcpStream as StdTcpStream};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream as StdUnixStream;

use glommio::net::{TcpListener, TcpStream, UnixStream};

/// `struct io_uring_params` of `linux/io_uring.h`: 120 bytes of integers, none wider than eight; all zero means "the
/// defaults".
type RingParameters = [u64; 15];

/// Makes a ring with room for `entries` submissions, and gives it back at once.
pub(crate) fn try_ring(entries: u32) -> io::Result<()> {
    let mut parameters: RingParameters = [0; 15];
    // SAFETY: the kernel must be able to read and write one `io_uring_params` behind the pointer. `parameters` is as
    // large and as aligned.
    let result = unsafe { libc::syscall(libc::SYS_io_uring_setup, entries, &raw mut parameters) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let ring = RawFd::try_from(result).map_err(io::Error::other)?;
    // SAFETY: the descriptor must be open and owned by no one else. The kernel has just made it, for this call.
    drop(unsafe { OwnedFd::from_raw_fd(ring) });
    Ok(())
}

/// Gives `listener` to the executor that runs on this thread.
pub(crate) fn take_over(listener: StdListener) -> TcpListener {
    // SAFETY: the descriptor must be open and owned by no one else, and be a listening socket. `into_raw_fd` gives up
    // the ownership of an open one, and std's type says that it listens.
    unsafe { TcpListener::from_raw_fd(listener.into_raw_fd()) }
}

/// Gives `stream` to the executor that runs on this thread.
pub(crate) fn take_over_connected(stream: StdTcpStream) -> TcpStream {
    // SAFETY: the descriptor must be open and owned by no one else, and be a connected socket. `into_raw_fd` gives up the
    // ownership of an open one, and std's type says what it is.
    unsafe { TcpStream::from_raw_fd(stream.into_raw_fd()) }
}

/// The descriptor of `stream`, which stays in its cell: nobody replaces it.
pub(crate) fn descriptor(stream: &RefCell<TcpStream>) -> BorrowedFd<'_> {
    let descriptor = stream.borrow().as_raw_fd();
    // SAFETY: the descriptor must stay open for as long as the cell is borrowed, and not be -1. The stream in the cell
    // owns it, only its drop closes it, and this crate never takes a stream out of its cell.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}

/// The kernel takes so many buffers at a time: `IOV_MAX`.
const BUFFERS_MAX: usize = 1024;

/// Sends from `buffers` as much as there is room for at once; never waits, and raises no signal.
pub(crate) fn send_vectored(socket: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: zeroes are a valid `msghdr`: no name, no buffers, no control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    // An `IoSlice` is an `iovec`, as std promises; the kernel only reads them.
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len().min(BUFFERS_MAX) as _;
    // SAFETY: the header must describe memory that is readable during the call. Its only pointer is to `buffers`, at least
    // `msg_iovlen` of them, each a slice that is borrowed until we return.
    let sent = unsafe {
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Gives `stream` to the executor that runs on this thread.
pub(crate) fn take_over_stream(stream: StdUnixStream) -> UnixStream {
    // SAFETY: the descriptor must be open and owned by no one else, and be a stream socket. `into_raw_fd` gives up the
    // ownership of an open one, and std's type says what it is.
    unsafe { UnixStream::from_raw_fd(stream.into_raw_fd()) }
}

/// Keeps `stream` out of the programs that this one starts: glommio's quick way of accepting forgets it.
pub(crate) fn close_on_exec(stream: &TcpStream) -> io::Result<()> {
    // SAFETY: `fcntl(F_SETFD)` takes an integer and touches no memory; the descriptor is `stream`'s and open.
    let result = unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
