//! Names of hosts, looked up on the default executor.

use core_loop::net::Address;
use core_loop::to_thread;
use std::io;
use std::net::SocketAddr;

/// The addresses of `address`: of `"host:port"`, `(host, port)` or an address itself.
///
/// # Errors
///
/// Not an address, an unknown host: the error names it.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future ends the waiting at once; the look-up ends on its thread, and nobody hears of it.
///
/// # Python
///
/// `loop.getaddrinfo(host, port)`; each address comes once, without the kinds of sockets.
pub async fn getaddrinfo(address: impl Into<Address>) -> io::Result<Vec<SocketAddr>> {
    address.into().resolve().await
}

/// The name of the host at `address`, and of its service: numbers, where they have none.
///
/// # Errors
///
/// What the resolver says.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// As [`getaddrinfo`].
///
/// # Python
///
/// `loop.getnameinfo(sockaddr)`.
pub async fn getnameinfo(address: SocketAddr) -> io::Result<(String, String)> {
    to_thread(move || sys::getnameinfo(address)).await.map_err(io::Error::other)?
}

mod sys;
