//! Which certificate a client sees: by the name that it asks for.

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Names {
    /// In small letters, with the `*` of those that stand for several.
    named: HashMap<String, Arc<CertifiedKey>>,
    /// For all others.
    default: Arc<CertifiedKey>,
}

impl Names {
    pub(super) fn new(default: CertifiedKey) -> Self {
        Self { named: HashMap::new(), default: Arc::new(default) }
    }

    pub(super) fn add(&mut self, name: &str, key: CertifiedKey) {
        self.named.insert(name.to_ascii_lowercase(), Arc::new(key));
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        self.named.get(&name).or_else(|| {
            let (_, above) = name.split_once('.')?;
            self.named.get(&format!("*.{above}"))
        })
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = client.server_name().and_then(|name| self.find(name));
        Some(named.unwrap_or(&self.default).clone())
    }
}
