//! The server's side.

mod builder;
mod names;

use crate::certificates::Identity;
use crate::error::ConfigError;
use crate::handshake::Timeouts;
use core_loop::net::Address;
use core_loop::{ExceptionContext, Loop};
use loop_io::{Accept, AnyProtocol, Listen, Outcome, Server, StreamReader, StreamWriter, Transport};
use rustls::{Connection, ServerConfig, ServerConnection};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use builder::AcceptorBuilder;

/// Serves with TLS: what it shows, whom it trusts, how long it waits. Cheap to clone.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// use loop_io::{StreamReader, StreamWriter};
/// use loop_tls::{Identity, TlsAcceptor};
///
/// let acceptor = TlsAcceptor::new(Identity::from_pem_files("server.pem", "server.key")?)?;
/// let greet = async |_: StreamReader, writer: StreamWriter| writer.write(b"hello\n");
/// let server = acceptor.start_server(greet, "0.0.0.0:4433").await?;
/// server.serve_forever().await?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)`, and the arguments `ssl`, `ssl_handshake_timeout` and `ssl_shutdown_timeout` of
/// `start_server` and `create_server`.
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    timeouts: Timeouts,
}

/// What a handler gave, unless the handshake before it failed: that is nothing to report.
struct Handled<T>(Option<T>);

impl<T: Outcome> Outcome for Handled<T> {
    fn complaint(self) -> Option<String> {
        self.0.and_then(Outcome::complaint)
    }
}

impl TlsAcceptor {
    /// One that shows this certificate, and asks for none.
    ///
    /// # Errors
    ///
    /// The key does not belong to the certificate.
    pub fn new(identity: Identity) -> Result<Self, ConfigError> {
        Self::builder(identity).build()
    }

    /// One with several certificates, that asks for them, or with protocols of one's own.
    pub const fn builder(identity: Identity) -> AcceptorBuilder {
        AcceptorBuilder::new(identity)
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

    /// Calls `handler` for each connection to `address` whose handshake is done: as [`loop_io::start_server`]. A connection
    /// counts as a client of the server from the beginning. One whose handshake fails is closed; in debug mode that is
    /// reported to the loop's exception handler.
    ///
    /// # Errors
    ///
    /// As [`loop_io::start_server`].
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    ///
    /// # Python
    ///
    /// `asyncio.start_server(handler, host, port, ssl=context)`.
    pub async fn start_server<T: Outcome>(
        &self,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        self.start_server_with(&Listen::new(), handler, address).await
    }

    /// As [`start_server`](Self::start_server), with these options.
    ///
    /// # Errors
    ///
    /// As [`loop_io::start_server`].
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn start_server_with<T: Outcome>(
        &self,
        listen: &Listen,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        listen.start_server(self.around(handler), address).await
    }

    /// As [`start_server`](Self::start_server), on listeners that are there already: Unix sockets, for example.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn start_server_on<T: Outcome>(
        &self,
        listen: &Listen,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
        listeners: Vec<Box<dyn Accept>>,
    ) -> Server {
        listen.start_server_on(self.around(handler), listeners)
    }

    /// Makes a protocol for each connection to `address` whose handshake is done: as [`loop_io::create_server`].
    ///
    /// # Errors
    ///
    /// As [`loop_io::start_server`].
    ///
    /// # Panics
    ///
    /// Outside a loop. If `factory` does, that is reported to the loop's exception handler, and the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    ///
    /// # Python
    ///
    /// `loop.create_server(factory, host, port, ssl=context)`.
    pub async fn create_server<K: 'static, P: AnyProtocol<K>>(
        &self,
        factory: impl Fn() -> P + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        self.create_server_with(&Listen::new(), factory, address).await
    }

    /// As [`create_server`](Self::create_server), with these options.
    ///
    /// # Errors
    ///
    /// As [`loop_io::start_server`].
    ///
    /// # Panics
    ///
    /// As [`create_server`](Self::create_server).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn create_server_with<K: 'static, P: AnyProtocol<K>>(
        &self,
        listen: &Listen,
        factory: impl Fn() -> P + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        let make = async move |reader: StreamReader, writer: StreamWriter| {
            let _protocol = Transport::from_streams(reader, writer, factory());
        };
        self.start_server_with(listen, make, address).await
    }

    /// Begins TLS in the middle of a connection, as its server: see
    /// [`TlsConnector::start_tls`](crate::TlsConnector::start_tls).
    ///
    /// # Errors
    ///
    /// The connection is closing. The client does not speak TLS, does not trust this side, shows no certificate where it has
    /// to, or takes too long; then the connection is lost.
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
    /// `writer.start_tls(context)` in a handler of a server.
    pub async fn start_tls(&self, reader: &mut StreamReader, writer: &StreamWriter) -> io::Result<()> {
        self.timeouts.in_streams(self.connection()?, reader, writer).await
    }

    /// As [`start_tls`](Self::start_tls), under a protocol, which is told nothing of it: see
    /// [`TlsConnector::start_tls_on`](crate::TlsConnector::start_tls_on).
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
    /// `loop.start_tls(transport, protocol, context, server_side=True)`.
    pub async fn start_tls_on(&self, transport: &Transport) -> io::Result<()> {
        self.timeouts.in_transport(self.connection()?, transport).await
    }

    /// The handler of a server, behind a handshake.
    fn around<T: Outcome>(
        &self,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
    ) -> impl AsyncFn(StreamReader, StreamWriter) -> Handled<T> + 'static {
        let acceptor = self.clone();
        async move |mut reader: StreamReader, writer: StreamWriter| match acceptor
            .start_tls(&mut reader, &writer)
            .await
        {
            Ok(()) => Handled(Some(handler(reader, writer).await)),
            Err(error) => {
                report(&reader, &error);
                Handled(None)
            }
        }
    }

    fn connection(&self) -> io::Result<Connection> {
        match ServerConnection::new(self.config.clone()) {
            Ok(server) => Ok(server.into()),
            Err(error) => Err(ConfigError::from(error).into()),
        }
    }
}

/// Only in debug mode: anybody can connect and talk nonsense.
fn report(reader: &StreamReader, error: &io::Error) {
    let current = Loop::current();
    if current.get_debug() {
        let peer = reader.peer_name().map_or_else(|| "a client".to_owned(), ToString::to_string);
        current.call_exception_handler(&ExceptionContext::new(format!("no connection with {peer}: {error}")));
    }
}

/// Whatever rustls can do: a verifier of one's own, tickets, another provider of cryptography.
impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self { config, timeouts: Timeouts::DEFAULT }
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("handshake_timeout", &self.timeouts.handshake)
            .field("shutdown_timeout", &self.timeouts.shutdown)
            .finish_non_exhaustive()
    }
}
