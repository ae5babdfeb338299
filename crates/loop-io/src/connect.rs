//! Connecting: options, and several addresses at once.

mod eyeballs;
mod socket;

pub(crate) use socket::Tuning;

use crate::link::Link;
use crate::reader::StreamReader;
use crate::writer::StreamWriter;
use crate::{Channel, reader};
use core_loop::net::{Address, TcpStream};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// How long an address may take before the next one is tried as well: what RFC 8305 recommends.
const STAGGER: Duration = Duration::from_millis(250);

/// Connects to `address`, with the options that [`Connect::new`] has.
///
/// # Errors
///
/// Refused, unreachable, an unknown host: the error names what was tried.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what it has begun to connect.
///
/// # Python
///
/// `asyncio.open_connection(host, port)`.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// let (mut reader, writer) = loop_io::open_connection("example.org:80").await?;
/// writer.write(b"HEAD / HTTP/1.0\r\n\r\n")?;
/// println!("{:?}", reader.next_line().await?);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn open_connection(address: impl Into<Address>) -> io::Result<(StreamReader, StreamWriter)> {
    Connect::new().open(address).await
}

/// A reader and a writer over any channel: a connection that was accepted elsewhere, a socket of another kind, one end of a
/// pair in memory, TLS around one of them.
///
/// # Python
///
/// `StreamReaderProtocol` by hand, and `open_connection(sock=…)`.
#[must_use]
pub fn streams(channel: impl Channel) -> (StreamReader, StreamWriter) {
    halves(&Link::new(Box::new(channel)))
}

pub(crate) fn halves(link: &Rc<Link>) -> (StreamReader, StreamWriter) {
    (StreamReader::new(link.clone()), StreamWriter::new(link.clone()))
}

/// How to connect.
///
/// # Python
///
/// The arguments of `loop.create_connection`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Connect {
    stagger: Option<Duration>,
    local_address: Option<SocketAddr>,
    tuning: Tuning,
    limit: usize,
}

impl Connect {
    /// Small writes leave at once, the addresses of a host are tried 250 ms after each other, a line may have 64 KiB.
    pub const fn new() -> Self {
        Self { stagger: Some(STAGGER), local_address: None, tuning: Tuning::new(), limit: reader::LIMIT }
    }

    /// Of a host with several addresses, the next one is tried when the one before has failed or has taken so long; the
    /// first that connects wins. `None` waits for each to fail.
    ///
    /// # Units
    ///
    /// 250 ms unless set, as RFC 8305 has it. The addresses are tried in turns of version six and four.
    ///
    /// # Python
    ///
    /// `happy_eyeballs_delay`, which is off there unless it is set.
    pub const fn happy_eyeballs_delay(mut self, delay: Option<Duration>) -> Self {
        self.stagger = delay;
        self
    }

    /// Connects from this address of one's own; port 0 lets the kernel choose. Of a host only the addresses of the same
    /// version are tried.
    ///
    /// # Python
    ///
    /// `local_addr`.
    pub fn local_address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.local_address = Some(address.into());
        self
    }

    /// Whether small writes leave at once (Nagle's algorithm is off). They do, unless this says otherwise.
    pub const fn nodelay(mut self, nodelay: bool) -> Self {
        self.tuning.nodelay = nodelay;
        self
    }

    /// Whether the kernel asks a silent peer now and then if it is still there.
    pub const fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.tuning.keep_alive = keep_alive;
        self
    }

    /// The reader's [`limit`](StreamReader::limit).
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Connects to `address`.
    ///
    /// # Errors
    ///
    /// As [`open_connection`]; and if the local address cannot be taken, or the host has no address of its version
    /// ([`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable)).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has begun to connect.
    pub async fn open(&self, address: impl Into<Address>) -> io::Result<(StreamReader, StreamWriter)> {
        let (mut reader, writer) = streams(self.connect(address).await?);
        reader.limit(self.limit);
        Ok((reader, writer))
    }

    /// Connects to `address`, and gives the socket.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has begun to connect.
    pub async fn connect(&self, address: impl Into<Address>) -> io::Result<TcpStream> {
        let addresses = eyeballs::interleaved(self.in_reach(address.into().resolve().await?)?);
        let connect = |address| async move {
            match self.local_address {
                Some(local) => TcpStream::connect_from(local, address).await,
                None => TcpStream::connect(address).await,
            }
        };
        let stream = eyeballs::first(addresses, self.stagger, connect).await?;
        self.tuning.apply(&stream)?;
        Ok(stream)
    }

    /// Those of `addresses` that can be reached from the local one: a socket has one version.
    fn in_reach(&self, mut addresses: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
        let Some(local) = self.local_address else { return Ok(addresses) };
        addresses.retain(|address| address.is_ipv6() == local.is_ipv6());
        if addresses.is_empty() {
            let version = if local.is_ipv6() { 6 } else { 4 };
            let why = format!(
                "the host has no address of version {version}, which the local address {local} is of: \
                 `local_address` has to be one of the other version, or left out"
            );
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, why));
        }
        Ok(addresses)
    }
}

impl Default for Connect {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Connect;
    use std::io::ErrorKind;
    use std::net::SocketAddr;

    #[test]
    fn from_a_local_address_only_those_of_its_version_are_tried() {
        let [four, six] = ["1.1.1.1:1", "[::1]:1"].map(|address| address.parse::<SocketAddr>().unwrap());
        for (local, reached) in [("127.0.0.1:0", four), ("[::1]:0", six)] {
            let connect = Connect::new().local_address(local.parse::<SocketAddr>().unwrap());
            assert_eq!(connect.in_reach(vec![six, four, six, four]).unwrap(), [reached; 2]);
            let lost = connect.in_reach(vec![if reached == six { four } else { six }]).unwrap_err();
            assert_eq!(lost.kind(), ErrorKind::AddrNotAvailable);
            assert!(lost.to_string().contains(local), "{lost}");
        }
        assert_eq!(Connect::new().in_reach(vec![six, four]).unwrap(), [six, four]);
    }
}
