//! TLS on every runtime, and with other peers.

mod files;
mod flowing;
mod peers;
mod pki;
mod protocols;
mod shaking;
mod starting;
mod wire;
