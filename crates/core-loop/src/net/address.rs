//! Where to connect or to listen: socket addresses and host names.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

/// An address to connect to or to listen on, made from a [`SocketAddr`], an `(ip, port)`, a `(host, port)` or a
/// `"host:port"`.
///
/// A host name is resolved on the default executor, as `socket.getaddrinfo` is in asyncio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Socket(SocketAddr),
    /// `host:port`, not yet looked at.
    Name(String),
}

impl Address {
    /// The addresses behind it, at least one. A host name is looked up on the default executor.
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
    /// Dropping the future lets the look-up end on its thread, and loses its answer.
    ///
    /// # Python
    ///
    /// `loop.getaddrinfo`.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let name = match &self.0 {
            Kind::Socket(address) => return Ok(vec![*address]),
            Kind::Name(name) => name,
        };
        let named = |kind, why: &dyn fmt::Display| io::Error::new(kind, format!("{name:?}: {why}"));
        if let Some(why) = mistake(name) {
            return Err(named(io::ErrorKind::InvalidInput, &why));
        }
        let wanted = name.clone();
        let addresses = crate::to_thread(move || wanted.to_socket_addrs().map(Vec::from_iter))
            .await
            .map_err(|error| named(io::ErrorKind::Other, &error))?
            .map_err(|error| named(error.kind(), &error))?;
        match addresses.is_empty() {
            true => Err(named(io::ErrorKind::NotFound, &"the host has no address")),
            false => Ok(addresses),
        }
    }
}

/// What can be said against a `host:port` without asking a resolver.
fn mistake(name: &str) -> Option<&'static str> {
    match name.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
        Some(("", Ok(_))) => {
            Some("no host; write \"host:port\", where the host 0.0.0.0 or [::] listens on every address")
        }
        Some((_, Ok(_))) => None,
        _ => Some("not an address; write \"host:port\", the port being a number up to 65535"),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Socket(address) => address.fmt(f),
            Kind::Name(name) => name.fmt(f),
        }
    }
}

macro_rules! from_sockets {
    ($($socket:ty),*) => { $(
        impl From<$socket> for Address {
            fn from(address: $socket) -> Self {
                Self(Kind::Socket(address.into()))
            }
        }
    )* };
}

from_sockets!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16),
    ([u8; 4], u16)
);

impl From<(&str, u16)> for Address {
    fn from((host, port): (&str, u16)) -> Self {
        match host.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, port).into(),
            Err(_) => Self(Kind::Name(format!("{host}:{port}"))),
        }
    }
}

impl From<&str> for Address {
    fn from(address: &str) -> Self {
        match address.parse() {
            Ok(address) => Self(Kind::Socket(address)),
            Err(_) => Self(Kind::Name(address.to_owned())),
        }
    }
}

impl From<String> for Address {
    fn from(address: String) -> Self {
        address.as_str().into()
    }
}

impl From<&String> for Address {
    fn from(address: &String) -> Self {
        address.as_str().into()
    }
}
