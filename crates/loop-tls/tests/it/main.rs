//! TLS on every runtime, and with other peers.

mod flowing;
mod peers;
mod pki;
mod protocols;
mod shaking;
mod starting;
mod wire;
