//! Why a file was not sent.

use std::fmt;
use std::io;

/// Why a file was not sent, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendFileError {
    /// The kernel cannot send this file into this connection, and no fallback was wanted. Nothing was sent.
    ///
    /// # Python
    ///
    /// `asyncio.SendfileNotAvailableError`.
    NotAvailable(String),
    /// What the file or the connection says.
    Io {
        /// How much was sent before.
        sent: u64,
        /// What it says.
        error: io::Error,
    },
}

impl fmt::Display for SendFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAvailable(why) => write!(f, "{why}; `fallback(true)` reads it on a thread"),
            Self::Io { sent, error } => write!(f, "after {sent} bytes of the file: {error}"),
        }
    }
}

impl std::error::Error for SendFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotAvailable(_) => None,
            Self::Io { error, .. } => Some(error),
        }
    }
}

impl From<SendFileError> for io::Error {
    fn from(error: SendFileError) -> Self {
        let kind = match &error {
            SendFileError::NotAvailable(_) => io::ErrorKind::Unsupported,
            SendFileError::Io { error, .. } => error.kind(),
        };
        Self::new(kind, error)
    }
}
