//! The resolver's call that neither std nor nix offers.
#![expect(unsafe_code, reason = "a call of the C library")]

use nix::libc;
use nix::sys::socket::{SockaddrLike, SockaddrStorage};
use std::ffi::CStr;
use std::io;
use std::net::SocketAddr;

/// As long as names get: `NI_MAXHOST` and `NI_MAXSERV` of the C library.
const HOST_MAX: usize = 1025;
const SERVICE_MAX: usize = 32;

/// The names of a host and a service; numbers for what has none. Blocks.
pub(super) fn getnameinfo(address: SocketAddr) -> io::Result<(String, String)> {
    let raw = SockaddrStorage::from(address);
    let (mut host, mut service) = ([0_u8; HOST_MAX], [0_u8; SERVICE_MAX]);
    // SAFETY: the address is valid for its length, and the buffers for theirs, which the call fills with strings that end.
    let outcome = unsafe {
        libc::getnameinfo(
            raw.as_ptr(),
            raw.len(),
            host.as_mut_ptr().cast(),
            HOST_MAX as libc::socklen_t,
            service.as_mut_ptr().cast(),
            SERVICE_MAX as libc::socklen_t,
            0,
        )
    };
    match outcome {
        0 => Ok((text(&host), text(&service))),
        libc::EAI_SYSTEM => Err(io::Error::last_os_error()),
        error => Err(io::Error::other(format!("no name for {address}: {}", words(error)))),
    }
}

fn text(buffer: &[u8]) -> String {
    CStr::from_bytes_until_nul(buffer).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

fn words(error: libc::c_int) -> String {
    // SAFETY: it takes a number, and gives a string that lives for ever, also for numbers that it does not know.
    let words = unsafe { libc::gai_strerror(error) };
    if words.is_null() {
        return error.to_string();
    }
    // SAFETY: as above, and it is no null.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}
