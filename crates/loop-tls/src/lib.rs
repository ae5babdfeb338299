#![doc = include_str!("../README.md")]

mod acceptor;
mod buffer;
mod certificates;
mod channel;
mod connector;
mod engine;
mod error;
mod handshake;
mod provider;
mod session;

pub use acceptor::{AcceptorBuilder, TlsAcceptor};
pub use certificates::{Certificates, Identity};
pub use connector::{ConnectorBuilder, TlsConnector};
pub use error::{ConfigError, TlsError};
/// What this crate stands on, for whatever it does not offer itself.
pub use rustls;
pub use session::TlsSession;
