//! What is wrong with a certificate, a name or a peer, and what can be done about it.

use rustls::{CertificateError, Error};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a TLS connection does not come about, or failed. Reading, writing and handshakes give an [`io::Error`]; this is inside
/// ([`io::Error::get_ref`]), or among its sources.
///
/// # Python
///
/// `ssl.SSLError`, `ssl.CertificateError`.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsError {
    reason: Error,
}

impl TlsError {
    pub(crate) fn new(reason: Error) -> Self {
        Self { reason }
    }

    /// What rustls says of it.
    #[must_use]
    pub fn reason(&self) -> &Error {
        &self.reason
    }

    /// What to do about it, where there is something.
    fn cure(&self) -> Option<&'static str> {
        Some(match &self.reason {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                "trust the root that has signed it: `roots(…)`"
            }
            Error::InvalidCertificate(CertificateError::NotValidForName)
            | Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => {
                "if this is the right server, say which name it goes by: `server_name(…)`"
            }
            Error::InvalidMessage(_) => "what came is not TLS, or was damaged on its way",
            Error::NoCertificatesPresented => "it has to show a certificate: `identity(…)` at its side",
            Error::AlertReceived(_) => "that is what the other side says: look there",
            _ => return None,
        })
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS: {}", self.reason)?;
        match self.cure() {
            Some(cure) => write!(f, " ({cure})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The other side, or somebody on the way, ended the connection without saying so in TLS.
pub(crate) fn truncated(when: &str) -> io::Error {
    let text = format!(
        "TLS: the connection was cut off {when}: the other side closed it, or broke down, without a close_notify, \
         so something may be missing"
    );
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// The same error once more, for somebody else who is told.
pub(crate) fn again(error: &io::Error) -> io::Error {
    if let Some(code) = error.raw_os_error() {
        return io::Error::from_raw_os_error(code);
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(tls) => io::Error::new(error.kind(), tls.clone()),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Why certificates, a key or a name cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file could not be read.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Something was looked for, and is not there, or is not readable as PEM.
    Missing {
        /// Where it was looked for.
        place: String,
        /// What, and what was found instead.
        what: String,
    },
    /// A name that no server can have.
    Name(String),
    /// rustls refuses: a key that does not belong to its certificate, a root that is none.
    Refused(Error),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Missing { place, what } => write!(f, "{place}: {what}"),
            Self::Name(name) => write!(f, "{name:?} is neither a host name nor an IP address"),
            Self::Refused(error) => write!(f, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            Self::Refused(error) => Some(error),
            Self::Missing { .. } | Self::Name(_) => None,
        }
    }
}

impl From<Error> for ConfigError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<ConfigError> for io::Error {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::File { error: ref why, .. } => Self::new(why.kind(), error),
            error => Self::new(io::ErrorKind::InvalidInput, error),
        }
    }
}
