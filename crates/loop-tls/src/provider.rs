//! Who computes: ring, whatever else the program has linked.

use rustls::crypto::{CryptoProvider, ring};
use std::sync::{Arc, LazyLock};

/// Said each time, because rustls chooses by itself only in a program where a single provider is linked, and which are is
/// nothing that a library can know.
pub(crate) fn ring() -> Arc<CryptoProvider> {
    static RING: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));
    RING.clone()
}
