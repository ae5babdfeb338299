//! TLS on every runtime, and with other peers.

mod pki;
mod shaking;
mod wire;
