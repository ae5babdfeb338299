//! What a server shows, trusts and speaks.

use super::TlsAcceptor;
use super::names::Names;
use crate::certificates::{Certificates, Identity};
use crate::error::ConfigError;
use crate::provider;
use rustls::ServerConfig;
use rustls::pki_types::DnsName;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// A [`TlsAcceptor`] to be.
///
/// # Examples
///
/// ```no_run
/// use loop_tls::{Certificates, Identity, TlsAcceptor};
///
/// let acceptor = TlsAcceptor::builder(Identity::from_pem_files("server.pem", "server.key")?)
///     .identity_for("other.example.org", Identity::from_pem_files("other.pem", "other.key")?)
///     .client_roots(Certificates::from_pem_file("our-root.pem")?)
///     .alpn(["h2", "http/1.1"])
///     .build()?;
/// # Ok::<(), loop_tls::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing comes of it before `build`"]
pub struct AcceptorBuilder {
    identity: Identity,
    named: Vec<(String, Identity)>,
    clients: Option<(Certificates, Required)>,
    alpn: Vec<Vec<u8>>,
}

/// Whether a client has to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Required {
    Yes,
    No,
}

impl AcceptorBuilder {
    pub(super) const fn new(identity: Identity) -> Self {
        Self { identity, named: Vec::new(), clients: None, alpn: Vec::new() }
    }

    /// Shows another certificate to clients that ask for this name, or, as `*.example.org`, for one right below it.
    ///
    /// # Python
    ///
    /// What a `context.sni_callback` is for.
    pub fn identity_for(mut self, name: &str, identity: Identity) -> Self {
        self.named.push((name.to_owned(), identity));
        self
    }

    /// Serves only clients that show a certificate which one of these roots has signed.
    ///
    /// # Python
    ///
    /// `context.verify_mode = ssl.CERT_REQUIRED`, and `load_verify_locations`.
    pub fn client_roots(mut self, roots: Certificates) -> Self {
        self.clients = Some((roots, Required::Yes));
        self
    }

    /// Asks clients for a certificate which one of these roots has signed, and serves those without any as well.
    ///
    /// # Python
    ///
    /// `context.verify_mode = ssl.CERT_OPTIONAL`.
    pub fn optional_client_roots(mut self, roots: Certificates) -> Self {
        self.clients = Some((roots, Required::No));
        self
    }

    /// Speaks these protocols above TLS, the best one first. A client that offers others only is refused; one that offers
    /// nothing is not.
    ///
    /// # Python
    ///
    /// `context.set_alpn_protocols`, after which OpenSSL goes on without a protocol that both know.
    pub fn alpn<N: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = N>) -> Self {
        self.alpn = protocols.into_iter().map(|protocol| protocol.as_ref().to_vec()).collect();
        self
    }

    /// The acceptor.
    ///
    /// # Errors
    ///
    /// A key does not belong to its certificate; a name is none; no root can be used.
    pub fn build(self) -> Result<TlsAcceptor, ConfigError> {
        let config =
            ServerConfig::builder_with_provider(provider::ring()).with_safe_default_protocol_versions()?;
        let config = match self.clients {
            Some((roots, required)) => config.with_client_cert_verifier(verifier(roots, required)?),
            None => config.with_no_client_auth(),
        };
        let mut names = Names::new(certified(self.identity)?);
        for (name, identity) in self.named {
            let plain = name.strip_prefix("*.").unwrap_or(&name);
            if DnsName::try_from(plain).is_err() {
                return Err(ConfigError::Name(name));
            }
            names.add(&name, certified(identity)?);
        }
        let mut config = config.with_cert_resolver(Arc::new(names));
        config.alpn_protocols = self.alpn;
        Ok(Arc::new(config).into())
    }
}

fn verifier(roots: Certificates, required: Required) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots.into_roots()?), provider::ring());
    let builder = match required {
        Required::Yes => builder,
        Required::No => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| ConfigError::Missing {
        place: "the roots of clients".to_owned(),
        what: error.to_string(),
    })
}

fn certified(identity: Identity) -> Result<CertifiedKey, ConfigError> {
    Ok(CertifiedKey::from_der(identity.chain, identity.key, &provider::ring())?)
}
