//! What a client trusts, shows and speaks.

use super::TlsConnector;
use crate::certificates::{Certificates, Identity};
use crate::error::ConfigError;
use crate::provider;
use rustls::ClientConfig;
use std::sync::Arc;

/// A [`TlsConnector`] to be.
///
/// # Examples
///
/// ```no_run
/// use loop_tls::{Certificates, Identity, TlsConnector};
///
/// let connector = TlsConnector::builder()
///     .roots(Certificates::from_pem_file("our-root.pem")?)
///     .identity(Identity::from_pem_files("me.pem", "me.key")?)
///     .alpn(["h2", "http/1.1"])
///     .build()?;
/// # Ok::<(), loop_tls::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing comes of it before `build`"]
pub struct ConnectorBuilder {
    roots: Option<Certificates>,
    identity: Option<Identity>,
    alpn: Vec<Vec<u8>>,
}

impl ConnectorBuilder {
    /// Trusts these roots, and no others: not those of the system, unless they are among them.
    ///
    /// # Python
    ///
    /// `context.load_verify_locations`, `ssl.create_default_context(cafile=…)`.
    pub fn roots(mut self, roots: Certificates) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Shows this certificate to a server that asks for one.
    ///
    /// # Python
    ///
    /// `context.load_cert_chain`.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Offers these protocols above TLS.
    ///
    /// # Python
    ///
    /// `context.set_alpn_protocols`. A server that knows none of them goes on there, or refuses, as it likes.
    pub fn alpn<N: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = N>) -> Self {
        self.alpn = protocols.into_iter().map(|protocol| protocol.as_ref().to_vec()).collect();
        self
    }

    /// The connector.
    ///
    /// # Errors
    ///
    /// No root can be used; the key does not belong to the certificate. As [`Certificates::system`], if no roots were given.
    pub fn build(self) -> Result<TlsConnector, ConfigError> {
        let roots = match self.roots {
            Some(roots) => roots,
            None => Certificates::system()?,
        };
        let config = ClientConfig::builder_with_provider(provider::ring())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.into_roots()?);
        let mut config = match self.identity {
            Some(identity) => config.with_client_auth_cert(identity.chain, identity.key)?,
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn;
        Ok(Arc::new(config).into())
    }
}
