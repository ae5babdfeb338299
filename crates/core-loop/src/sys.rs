//! The system call that nix lacks: an accept that also says who connected.
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
