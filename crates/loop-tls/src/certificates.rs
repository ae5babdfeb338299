//! Certificates and keys, from files and from memory.

use crate::error::ConfigError;
use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Linux distributions keep the roots that they trust, in one file: Debian, Fedora, openSUSE, Alpine.
const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Certificates: the roots that are trusted, or a chain.
///
/// # Python
///
/// The arguments of `context.load_verify_locations`.
#[derive(Clone, Default)]
pub struct Certificates {
    der: Vec<CertificateDer<'static>>,
}

/// A certificate with the chain up to its root, and its key: what a server shows, and a client that is asked to.
///
/// # Python
///
/// The arguments of `context.load_cert_chain`.
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Certificates {
    /// The roots that this system trusts: the file that `SSL_CERT_FILE` names, or the distribution's.
    ///
    /// # Errors
    ///
    /// There is no such file, or nothing in it.
    ///
    /// # Python
    ///
    /// `context.load_default_certs()`.
    pub fn system() -> Result<Self, ConfigError> {
        if let Some(file) = env::var_os("SSL_CERT_FILE") {
            return Self::from_pem_file(PathBuf::from(file));
        }
        match SYSTEM.iter().find(|path| Path::new(path).exists()) {
            Some(path) => Self::from_pem_file(path),
            None => Err(ConfigError::Missing {
                place: "this system".to_owned(),
                what: "no trusted roots; install the package ca-certificates, set SSL_CERT_FILE, or say `roots(…)`"
                    .to_owned(),
            }),
        }
    }

    /// Those in a PEM file.
    ///
    /// # Errors
    ///
    /// It cannot be read, is damaged, or holds no certificate.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        Self::in_pem(&read(path)?, &path.display().to_string())
    }

    /// Those in PEM text.
    ///
    /// # Errors
    ///
    /// It is damaged, or holds no certificate.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::in_pem(pem.as_ref(), "the PEM text")
    }

    /// Those, each in DER. They are looked at when they are used.
    pub fn from_der<D: Into<Vec<u8>>>(certificates: impl IntoIterator<Item = D>) -> Self {
        Self { der: certificates.into_iter().map(|der| CertificateDer::from(der.into())).collect() }
    }

    fn in_pem(pem: &[u8], place: &str) -> Result<Self, ConfigError> {
        let der: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| damaged(place, &error))?;
        if der.is_empty() {
            return Err(missing(place, "certificate (-----BEGIN CERTIFICATE-----)"));
        }
        Ok(Self { der })
    }

    /// Both these and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.der.extend(others.der);
        self
    }

    /// As roots. Of those that a file has, some may be of a kind that is not known here: one that is has to be left.
    pub(crate) fn into_roots(self) -> Result<RootCertStore, ConfigError> {
        let mut roots = RootCertStore::empty();
        let mut refused = None;
        for certificate in self.der {
            if let Err(error) = roots.add(certificate) {
                refused = Some(error);
            }
        }
        match refused {
            Some(error) if roots.is_empty() => Err(error.into()),
            _ => Ok(roots),
        }
    }
}

impl Identity {
    /// From two PEM files, which may be one and the same: the certificate with its chain, and the key.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is damaged, or holds nothing of what is looked for there. A key that is locked with a password
    /// cannot be used: `openssl pkey` unlocks it.
    pub fn from_pem_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let (chain, key) = (chain.as_ref(), key.as_ref());
        Self::in_pem((&read(chain)?, &chain.display().to_string()), (&read(key)?, &key.display().to_string()))
    }

    /// From PEM text.
    ///
    /// # Errors
    ///
    /// As [`from_pem_files`](Self::from_pem_files).
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::in_pem((chain.as_ref(), "the certificate's PEM text"), (key.as_ref(), "the key's PEM text"))
    }

    /// From DER: the certificate first, then its chain. The key in PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    ///
    /// The key is nothing of that.
    pub fn from_der<D: Into<Vec<u8>>>(
        chain: impl IntoIterator<Item = D>,
        key: impl Into<Vec<u8>>,
    ) -> Result<Self, ConfigError> {
        let key = PrivateKeyDer::try_from(key.into()).map_err(|why| ConfigError::Missing {
            place: "the key's DER".to_owned(),
            what: why.to_owned(),
        })?;
        Ok(Self { chain: Certificates::from_der(chain).der, key })
    }

    fn in_pem(chain: (&[u8], &str), key: (&[u8], &str)) -> Result<Self, ConfigError> {
        let certificates = Certificates::in_pem(chain.0, chain.1)?;
        let key = PrivateKeyDer::from_pem_slice(key.0).map_err(|error| match error {
            pem::Error::NoItemsFound => missing(key.1, "unlocked private key (-----BEGIN PRIVATE KEY-----)"),
            error => damaged(key.1, &error),
        })?;
        Ok(Self { chain: certificates.der, key })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|error| ConfigError::File { path: path.to_owned(), error })
}

fn missing(place: &str, what: &str) -> ConfigError {
    ConfigError::Missing { place: place.to_owned(), what: format!("there is no {what}") }
}

fn damaged(place: &str, error: &pem::Error) -> ConfigError {
    ConfigError::Missing { place: place.to_owned(), what: format!("not readable as PEM: {error}") }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("count", &self.der.len()).finish()
    }
}

/// Says nothing of the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}
