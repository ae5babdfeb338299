//! Certificates for the tests, made when they run: none of them can have expired meanwhile.

use loop_tls::{Certificates, Identity, TlsAcceptor, TlsConnector};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::sync::LazyLock;

/// Somebody who signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
    pub(crate) pem: String,
}

/// Something signed, and its key.
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    key_der: Vec<u8>,
    pub(crate) pem: String,
    pub(crate) key_pem: String,
}

/// Whom the tests trust.
pub(crate) static OURS: LazyLock<Authority> = LazyLock::new(|| Authority::new("ours"));

/// Whom they do not.
pub(crate) static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("a stranger"));

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (der, pem) = (certificate.der().to_vec(), certificate.pem());
        Self { issuer: Issuer::new(params, key), der, pem }
    }

    pub(crate) fn roots(&self) -> Certificates {
        Certificates::from_der([self.der.clone()])
    }

    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        self.sign(params(names))
    }

    pub(crate) fn issue_expired(&self, names: &[&str]) -> Issued {
        let mut params = params(names);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            der: certificate.der().to_vec(),
            key_der: key.serialize_der(),
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

impl Issued {
    pub(crate) fn identity(&self) -> Identity {
        Identity::from_der([self.der.clone()], self.key_der.clone()).unwrap()
    }
}

/// What a server of these names shows.
pub(crate) fn identity(names: &[&str]) -> Identity {
    OURS.issue(names).identity()
}

/// A client that trusts [`OURS`], and expects `localhost`.
pub(crate) fn connector() -> TlsConnector {
    TlsConnector::builder().roots(OURS.roots()).build().unwrap().server_name("localhost").unwrap()
}

/// A server that is `localhost`.
pub(crate) fn acceptor() -> TlsAcceptor {
    static LOCALHOST: LazyLock<Identity> = LazyLock::new(|| identity(&["localhost"]));
    TlsAcceptor::new(LOCALHOST.clone()).unwrap()
}
