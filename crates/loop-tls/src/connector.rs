//! The client's side.

mod builder;

use crate::error::ConfigError;
use crate::handshake::Timeouts;
use core_loop::net::Address;
use loop_io::{AnyProtocol, Connect, ProtocolHandle, StreamReader, StreamWriter, Transport};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use builder::ConnectorBuilder;

/// Connects with TLS: which roots it trusts, what it shows, how long it waits. Cheap to clone.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// use loop_tls::TlsConnector;
///
/// let connector = TlsConnector::new()?;
/// let (mut reader, writer) = connector.open_connection("example.org:443").await?;
/// writer.write(b"HEAD / HTTP/1.0\r\nHost: example.org\r\n\r\n")?;
/// println!("{:?}", reader.next_line().await?);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)`, and the arguments `ssl`, `server_hostname`, `ssl_handshake_timeout` and
/// `ssl_shutdown_timeout` of `open_connection` and `create_connection`.
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
    timeouts: Timeouts,
}

impl TlsConnector {
    /// One that trusts what this system trusts, and shows nothing. It reads a file: make it once.
    ///
    /// # Errors
    ///
    /// As [`Certificates::system`](crate::Certificates::system).
    ///
    /// # Python
    ///
    /// `ssl.create_default_context()`, and `ssl=True`.
    pub fn new() -> Result<Self, ConfigError> {
        Self::builder().build()
    }

    /// One with roots, a certificate or protocols of one's own.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::default()
    }

    /// The name that the server has to prove, and is told, instead of the host that is connected to: a host name or an IP
    /// address, which is proved and not told.
    ///
    /// # Errors
    ///
    /// It is neither.
    ///
    /// # Python
    ///
    /// `server_hostname`.
    pub fn server_name(mut self, name: &str) -> Result<Self, ConfigError> {
        let parsed = ServerName::try_from(name).map_err(|_| ConfigError::Name(name.to_owned()))?;
        self.server_name = Some(parsed.to_owned());
        Ok(self)
    }

    /// How long a handshake may take.
    ///
    /// # Units
    ///
    /// 60 s unless set.
    ///
    /// # Python
    ///
    /// `ssl_handshake_timeout`.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.handshake = timeout;
        self
    }

    /// How long a close waits for the other side to end as well, once everything is sent.
    ///
    /// # Units
    ///
    /// 30 s unless set.
    ///
    /// # Python
    ///
    /// `ssl_shutdown_timeout`. There it limits the sending, too.
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.shutdown = timeout;
        self
    }

    /// Connects to `address` and shakes hands.
    ///
    /// # Errors
    ///
    /// As [`loop_io::open_connection`]. A certificate that is not trusted, has expired or is another host's; a peer that does
    /// not speak TLS, refuses, or takes too long: [`TlsError`](crate::TlsError) is inside where TLS says why.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Python
    ///
    /// `asyncio.open_connection(host, port, ssl=context)`.
    pub async fn open_connection(
        &self,
        address: impl Into<Address>,
    ) -> io::Result<(StreamReader, StreamWriter)> {
        self.open_connection_with(&Connect::new(), address).await
    }

    /// As [`open_connection`](Self::open_connection), with these options.
    ///
    /// # Errors
    ///
    /// As [`open_connection`](Self::open_connection).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn open_connection_with(
        &self,
        connect: &Connect,
        address: impl Into<Address>,
    ) -> io::Result<(StreamReader, StreamWriter)> {
        let address = address.into();
        let tls = match &self.server_name {
            Some(_) => self.connection()?,
            None => self.clone().server_name(host(&address.to_string()))?.connection()?,
        };
        let (mut reader, writer) = connect.open(address).await?;
        self.timeouts.in_streams(tls, &mut reader, &writer).await?;
        Ok((reader, writer))
    }

    /// Connects to `address`, shakes hands, makes a protocol and tells it of the connection.
    ///
    /// # Errors
    ///
    /// As [`open_connection`](Self::open_connection).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Python
    ///
    /// `loop.create_connection(factory, host, port, ssl=context)`.
    pub async fn create_connection<K, P: AnyProtocol<K>>(
        &self,
        factory: impl FnOnce() -> P,
        address: impl Into<Address>,
    ) -> io::Result<(Transport, ProtocolHandle<P>)> {
        self.create_connection_with(&Connect::new(), factory, address).await
    }

    /// As [`create_connection`](Self::create_connection), with these options.
    ///
    /// # Errors
    ///
    /// As [`open_connection`](Self::open_connection).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn create_connection_with<K, P: AnyProtocol<K>>(
        &self,
        connect: &Connect,
        factory: impl FnOnce() -> P,
        address: impl Into<Address>,
    ) -> io::Result<(Transport, ProtocolHandle<P>)> {
        let (reader, writer) = self.open_connection_with(connect, address).await?;
        Ok(Transport::from_streams(reader, writer, factory()))
    }

    /// Begins TLS in the middle of a connection, as its client. What was written before leaves as it is; what came and was
    /// not read is taken for the other side's TLS. Until it is done, what is written waits, and a close ends it all.
    ///
    /// # Errors
    ///
    /// There is no [`server_name`](Self::server_name); the connection is closing; and as
    /// [`open_connection`](Self::open_connection). But for the first, the connection is lost then.
    ///
    /// # Panics
    ///
    /// If reader and writer belong to two connections. Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is done loses the connection: half a handshake is nothing to go on with.
    ///
    /// # Python
    ///
    /// `writer.start_tls(context, server_hostname=…)`.
    pub async fn start_tls(&self, reader: &mut StreamReader, writer: &StreamWriter) -> io::Result<()> {
        self.timeouts.in_streams(self.connection()?, reader, writer).await
    }

    /// As [`start_tls`](Self::start_tls), under a protocol, which is told nothing of it. What it was given before it was given
    /// as it came: a protocol that is asked to begin should not be sent anything more in plain.
    ///
    /// # Errors
    ///
    /// As [`start_tls`](Self::start_tls).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// As [`start_tls`](Self::start_tls).
    ///
    /// # Python
    ///
    /// `loop.start_tls(transport, protocol, context)`, which gives another transport; here it stays the same.
    pub async fn start_tls_on(&self, transport: &Transport) -> io::Result<()> {
        self.timeouts.in_transport(self.connection()?, transport).await
    }

    fn connection(&self) -> io::Result<Connection> {
        let Some(name) = self.server_name.clone() else {
            let text = "TLS: no name that the server has to prove: say `server_name(…)`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        match ClientConnection::new(self.config.clone(), name) {
            Ok(client) => Ok(client.into()),
            Err(error) => Err(ConfigError::from(error).into()),
        }
    }
}

/// The host of a `host:port`, without the brackets of an address.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whatever rustls can do: a verifier of one's own, revocation lists, another provider of cryptography.
impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self { config, server_name: None, timeouts: Timeouts::DEFAULT }
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector")
            .field("server_name", &self.server_name)
            .field("handshake_timeout", &self.timeouts.handshake)
            .field("shutdown_timeout", &self.timeouts.shutdown)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_is_what_stands_before_the_port() {
        let hosts = ["example.org:443", "127.0.0.1:1", "[::1]:80", "example.org"].map(host);
        assert_eq!(hosts, ["example.org", "127.0.0.1", "::1", "example.org"]);
    }
}
