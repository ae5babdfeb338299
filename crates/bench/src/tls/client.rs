//! The client: rustls on a thread that blocks, and trusts one certificate.

use loop_tls::rustls;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

/// A connection with TLS, its handshake behind it.
pub(super) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Connects with TLS.
#[derive(Clone)]
pub(super) struct Dialer(Arc<ClientConfig>);

/// For a server that shows a certificate of this run, and for a client that trusts it and shakes hands anew each time.
pub(super) fn both_configs() -> Result<(Arc<ServerConfig>, Dialer), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    Ok((Arc::new(server), Dialer(Arc::new(client))))
}

impl Dialer {
    pub(super) fn dial(&self, address: SocketAddr) -> io::Result<Stream> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(self.0.clone(), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(tls, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}
