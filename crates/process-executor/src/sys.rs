//! The system calls that neither std nor nix offers, each with what to do on a kernel without it.
#![expect(unsafe_code, reason = "raw system calls, and descriptors that nobody owns yet")]

use nix::libc;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Where a worker keeps its socket.
pub(crate) const SOCKET: RawFd = 3;

fn checked(answer: libc::c_long) -> io::Result<libc::c_long> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// A descriptor that becomes readable when process `pid` ends. The kernel has it since 5.3; a container may refuse it:
/// then the caller polls the child instead.
pub(crate) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = libc::c_long::from(i32::try_from(pid).map_err(io::Error::other)?);
    // SAFETY: two numbers go in; the flags (none) are valid.
    let fd = checked(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0 as libc::c_long) })?;
    Ok(own(i32::try_from(fd).map_err(io::Error::other)?))
}

/// Sends SIGKILL to the very process that `pidfd` was opened for, whatever became of its number.
pub(crate) fn pidfd_kill(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    let fd = libc::c_long::from(pidfd.as_raw_fd());
    let kill = libc::c_long::from(libc::SIGKILL);
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open for as long as it is borrowed; without a siginfo the kernel fills one in.
    checked(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, kill, none, 0 as libc::c_long) })
        .map(drop)
}

/// Closes every descriptor from `first` on. Kernels before 5.9 do it one by one.
///
/// Only for a process that owns none of them yet: a worker before its first step.
pub(crate) fn close_from(first: RawFd) {
    let from = libc::c_long::from(first);
    let last = libc::c_long::from(libc::c_uint::MAX);
    // SAFETY: numbers only. What is closed has no owner in this process: the caller promises.
    if checked(unsafe { libc::syscall(libc::SYS_close_range, from, last, 0 as libc::c_long) }).is_ok() {
        return;
    }
    // Collected first, so that the directory is not read while its own descriptor is being closed.
    let open: Vec<RawFd> = fs::read_dir("/proc/self/fd")
        .map(|entries| {
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        })
        .unwrap_or_else(|_| (first..1024).collect());
    for fd in open.into_iter().filter(|fd| *fd >= first) {
        // SAFETY: as above; a number that is not open is an error, which is ignored.
        unsafe { libc::close(fd) };
    }
}

/// Whether the program runs with more rights than its caller (setuid and the like): it must not listen to its environment.
pub(crate) fn has_extra_rights() -> bool {
    // SAFETY: reads the vector the kernel gave this process; an unknown entry reads as 0.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether this program ignores SIGCHLD, so that the kernel throws the exit status of its children away.
pub(crate) fn ignores_child_exits() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only reads the present action, into memory of the right type, for which zeroes are valid.
    let action = unsafe {
        libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0
}

/// Reads from a socket, and takes the descriptor that came along. Waits if the socket does.
pub(crate) fn receive(socket: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    // SAFETY: the kernel writes at most so many bytes, into memory that is borrowed for it.
    unsafe { receive_at(socket, room.as_mut_ptr(), room.len()) }
}

/// The same, into the spare room of `buffer`, of which it has `most` bytes at least.
pub(crate) fn receive_behind(
    socket: BorrowedFd<'_>,
    buffer: &mut Vec<u8>,
    most: usize,
) -> io::Result<(usize, Option<OwnedFd>)> {
    let spare = buffer.spare_capacity_mut();
    let most = most.min(spare.len());
    // SAFETY: the kernel writes at most so many bytes, into room that the vector has.
    let received = unsafe { receive_at(socket, spare.as_mut_ptr().cast(), most) }?;
    // SAFETY: so many bytes behind the old end were written just now, within the room.
    unsafe { buffer.set_len(buffer.len() + received.0) };
    Ok(received)
}

/// # Safety
///
/// There are `len` bytes at `start` that may be written.
unsafe fn receive_at(
    socket: BorrowedFd<'_>,
    start: *mut u8,
    len: usize,
) -> io::Result<(usize, Option<OwnedFd>)> {
    const ROOM: usize = 64;
    /// Room for one descriptor, aligned as the kernel's header is.
    #[repr(align(8))]
    struct Beside([u8; ROOM]);
    // SAFETY: a pure computation.
    let needed = unsafe { libc::CMSG_SPACE(size_of::<RawFd>() as u32) } as usize;
    debug_assert!(needed <= ROOM, "one descriptor fits");
    let mut beside = Beside([0; ROOM]);
    let mut piece = libc::iovec { iov_base: start.cast(), iov_len: len };
    // SAFETY: zeros are a message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = beside.0.as_mut_ptr().cast();
    message.msg_controllen = needed as _;
    // SAFETY: the message points at memory that lives, with its true lengths; the caller answers for `start`.
    let count = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has filled the message in; its macros stay within the room that it says it used.
    let descriptor = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        let holds_one = !header.is_null()
            && (*header).cmsg_level == libc::SOL_SOCKET
            && (*header).cmsg_type == libc::SCM_RIGHTS
            && (*header).cmsg_len as usize >= libc::CMSG_LEN(size_of::<RawFd>() as u32) as usize;
        holds_one.then(|| libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned())
    };
    Ok((count, descriptor.map(own)))
}

/// Asks for large pages for the memory of `buffer`, which nobody has touched yet. A kernel without them says no, and that is all.
pub(crate) fn prefer_large_pages(buffer: &mut Vec<u8>) {
    const LARGE_PAGE: usize = 2 << 20;
    let spare = buffer.spare_capacity_mut();
    let start = (spare.as_ptr() as usize).next_multiple_of(LARGE_PAGE);
    let end = (spare.as_ptr() as usize + spare.len()) / LARGE_PAGE * LARGE_PAGE;
    if start < end {
        // SAFETY: the range lies within memory of ours; the advice changes how it is backed, not what is in it.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
    }
}

/// Takes ownership of a descriptor that arrived from outside: over a socket, from a system call, or through exec.
pub(crate) fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: the callers get the number from the kernel, one moment ago, and give it to nobody else.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Copies the socket that the parent left on descriptor 0 to [`SOCKET`].
pub(crate) fn take_socket() -> io::Result<OwnedFd> {
    // SAFETY: numbers only; whatever was open at SOCKET crossed exec by mistake and has no owner in this process.
    checked(unsafe { libc::dup3(0, SOCKET, libc::O_CLOEXEC) }.into())?;
    Ok(own(SOCKET))
}

/// Sets the signals as a Rust program expects them: a write to a closed pipe is an error, children can be waited for,
/// Ctrl-C ends the process if somebody sends it on purpose.
pub(crate) fn reset_signals() {
    for (signal, action) in [
        (libc::SIGPIPE, libc::SIG_IGN),
        (libc::SIGCHLD, libc::SIG_DFL),
        (libc::SIGINT, libc::SIG_DFL),
        (libc::SIGQUIT, libc::SIG_DFL),
    ] {
        // SAFETY: these two actions run no code of ours.
        unsafe { libc::signal(signal, action) };
    }
}

/// Whether the system refused something that it may have again in a moment: descriptors, processes, memory, a program that is
/// still being written.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    let short = [libc::EMFILE, libc::ENFILE, libc::EAGAIN, libc::ENOMEM, libc::ENOBUFS, libc::ETXTBSY];
    error.raw_os_error().is_some_and(|number| short.contains(&number))
}

/// Ends this process at once: no destructor, no exit handler.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: never returns, so nothing can observe what it skips.
    unsafe { libc::_exit(code) }
}
