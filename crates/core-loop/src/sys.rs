//! System calls that nix lacks, or has without an owner for what they give: an accept that says who, descriptors that come in.
#![expect(unsafe_code, reason = "raw system calls")]

use nix::errno::Errno;
use nix::libc;
use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// Who connected, in the kernel's words.
pub(crate) struct Peer(libc::sockaddr_storage);

/// Accepts one connection: a socket in non-blocking mode that is closed on exec, and who connected.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> nix::Result<(OwnedFd, Peer)> {
    let mut address = MaybeUninit::<libc::sockaddr_storage>::zeroed();
    let mut len = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the kernel writes at most `len` bytes to the address, which is as long, and the length that it used.
    let accepted =
        unsafe { libc::accept4(listener.as_raw_fd(), address.as_mut_ptr().cast(), &raw mut len, flags) };
    let socket = Errno::result(accepted)?;
    // SAFETY: the kernel has just made this descriptor and told nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: zeroes are a valid address, and so is what the kernel wrote over them.
    Ok((socket, Peer(unsafe { address.assume_init() })))
}

/// How many descriptors travel with one message at most: the kernel's `SCM_MAX_FD`.
const DESCRIPTORS_MAX: usize = 253;

/// Room for the control data of so many, in words, so that it is aligned as the kernel wants it.
const CONTROL_WORDS: usize = 4 + DESCRIPTORS_MAX / 2;

/// Receives bytes into `buffer`, and the descriptors that came with them; closed on exec. How many bytes, and whether the kernel
/// had to leave some descriptors out.
pub(crate) fn recv_descriptors(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> nix::Result<(usize, bool)> {
    let mut control = [0_u64; CONTROL_WORDS];
    let mut bytes = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: zeroes are a valid `msghdr`: no name, no buffers, no control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    // SAFETY: the header must describe memory that the kernel may write to. Its pointers lead to `bytes`, and through it to
    // `buffer`, and to `control`; their lengths are those of what they point to, and all of them outlive the call.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let len = Errno::result(len)?;
    // SAFETY: `message` is what the kernel has just filled in: its control data begin at `control`, which is aligned.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: a pointer that these macros give and that is not null leads to a whole header inside the control data.
        let (level, kind, whole) = unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        if (level, kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            // SAFETY: it computes with lengths.
            let data_len = whole - unsafe { libc::CMSG_LEN(0) } as usize;
            // SAFETY: the data of a header follow it, inside the control data.
            let data = unsafe { libc::CMSG_DATA(header) }.cast::<i32>();
            for at in 0..data_len / size_of::<i32>() {
                // SAFETY: `at` is below the number of descriptors that the kernel wrote there, perhaps unaligned. It has just
                // made each of them, and told nobody else.
                descriptors.push(unsafe { OwnedFd::from_raw_fd(data.add(at).read_unaligned()) });
            }
        }
        // SAFETY: both pointers are those of the loop above.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    Ok((usize::try_from(len).unwrap_or(0), message.msg_flags & libc::MSG_CTRUNC != 0))
}

impl Peer {
    /// If it has an internet address.
    pub(crate) fn internet(&self) -> nix::Result<SocketAddr> {
        internet(&self.0).ok_or(Errno::EAFNOSUPPORT)
    }
}

fn internet(address: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(address.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is a `sockaddr_in`; the storage is large and aligned enough for any.
            let v4 = unsafe { &*ptr::from_ref(address).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that this is a `sockaddr_in6`; the storage is large and aligned enough for any.
            let v6 = unsafe { &*ptr::from_ref(address).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}
