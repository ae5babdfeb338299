//! What a handshake has agreed on.

use rustls::pki_types::CertificateDer;
use rustls::{Connection, HandshakeKind, ProtocolVersion, SupportedCipherSuite};
use std::fmt;
use std::rc::Rc;

/// What both sides of a connection know of each other: `writer.get_extra_info::<TlsSession>()`, once the handshake is done.
///
/// A cheap handle, `!Send` like the connection.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// use loop_tls::{TlsConnector, TlsSession};
///
/// let (_reader, writer) = TlsConnector::new()?.open_connection("example.org:443").await?;
/// let session = writer.get_extra_info::<TlsSession>().expect("it is connected");
/// println!("{} with {}", session.version(), session.cipher());
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `get_extra_info("ssl_object")` and its `version()`, `cipher()`, `selected_alpn_protocol()`; `"peercert"` and `"cipher"`.
#[derive(Clone)]
pub struct TlsSession(Rc<Facts>);

struct Facts {
    version: Option<ProtocolVersion>,
    cipher: Option<SupportedCipherSuite>,
    alpn: Option<Vec<u8>>,
    certificates: Vec<CertificateDer<'static>>,
    server_name: Option<String>,
    resumed: bool,
}

impl TlsSession {
    pub(crate) fn of(tls: &Connection) -> Self {
        let server_name = match tls {
            Connection::Server(server) => server.server_name().map(str::to_owned),
            Connection::Client(_) => None,
        };
        Self(Rc::new(Facts {
            version: tls.protocol_version(),
            cipher: tls.negotiated_cipher_suite(),
            alpn: tls.alpn_protocol().map(<[u8]>::to_vec),
            certificates: tls.peer_certificates().unwrap_or_default().to_vec(),
            server_name,
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
        }))
    }

    /// The version of the protocol, as Python writes it: `TLSv1.3`.
    #[must_use]
    pub fn version(&self) -> &'static str {
        match self.0.version {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "unknown",
        }
    }

    /// The cipher suite, as the standards write it: `TLS13_AES_256_GCM_SHA384`.
    #[must_use]
    pub fn cipher(&self) -> &'static str {
        self.0.cipher.and_then(|cipher| cipher.suite().as_str()).unwrap_or("unknown")
    }

    /// The protocol that is spoken above: of those that both sides offered, the one that the server prefers.
    ///
    /// # Python
    ///
    /// `selected_alpn_protocol()`, which gives text.
    #[must_use]
    pub fn alpn(&self) -> Option<&[u8]> {
        self.0.alpn.as_deref()
    }

    /// The other side's certificates in DER, its own first; none if it showed none.
    ///
    /// # Python
    ///
    /// `getpeercert(binary_form=True)`, which gives the first alone.
    #[must_use]
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        &self.0.certificates
    }

    /// At a server: the name that the client asked for.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.0.server_name.as_deref()
    }

    /// Whether it goes on from an earlier connection, without certificates being checked anew.
    ///
    /// # Python
    ///
    /// `session_reused`.
    #[must_use]
    pub fn resumed(&self) -> bool {
        self.0.resumed
    }
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSession")
            .field("version", &self.version())
            .field("cipher", &self.cipher())
            .field("alpn", &self.alpn().map(String::from_utf8_lossy))
            .field("peer_certificates", &self.peer_certificates().len())
            .field("server_name", &self.server_name())
            .field("resumed", &self.resumed())
            .finish()
    }
}
