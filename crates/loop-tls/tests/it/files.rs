//! Certificates and keys that are read, and what is said of those that cannot be.

use crate::pki::{OURS, STRANGER};
use loop_tls::{Certificates, ConfigError, Identity, TlsAcceptor, TlsConnector};
use std::io;

/// What is said of something that cannot be used.
#[track_caller]
fn said<T: std::fmt::Debug>(outcome: Result<T, ConfigError>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let text = said(Certificates::from_pem_file("/nowhere/root.pem"));
    assert!(text.contains("/nowhere/root.pem"), "{text}");
    let error = Identity::from_pem_files("/nowhere/cert.pem", "/nowhere/key.pem").unwrap_err();
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
}

#[test]
fn text_without_what_is_looked_for_says_what_that_is() {
    let issued = OURS.issue(&["localhost"]);
    let text = said(Certificates::from_pem("no certificate at all"));
    assert!(text.contains("BEGIN CERTIFICATE"), "{text}");
    let text = said(Identity::from_pem(&issued.pem, &issued.pem));
    assert!(text.contains("BEGIN PRIVATE KEY"), "{text}");
    let damaged = issued.pem.replace("-----END", "----- END");
    let text = said(Certificates::from_pem(damaged));
    assert!(text.contains("PEM"), "{text}");
    let text = said(Identity::from_der([issued.der.clone()], b"no key".to_vec()));
    assert!(text.contains("key"), "{text}");
}

#[test]
fn certificate_and_key_may_stand_in_one_text() {
    let issued = OURS.issue(&["localhost"]);
    let both = format!("{}{}", issued.key_pem, issued.pem);
    let identity = Identity::from_pem(&both, &both).unwrap();
    assert!(TlsAcceptor::new(identity.clone()).is_ok());
    let shown = format!("{identity:?}");
    assert!(!shown.contains("key"), "nobody prints a key: {shown}");
}

#[test]
fn a_key_of_another_certificate_is_refused_at_either_side() {
    let (one, other) = (OURS.issue(&["one.test"]), OURS.issue(&["other.test"]));
    let mixed = || Identity::from_pem(&one.pem, &other.key_pem).unwrap();
    assert!(matches!(TlsAcceptor::new(mixed()), Err(ConfigError::Refused(_))));
    let client = TlsConnector::builder().roots(OURS.roots()).identity(mixed()).build();
    assert!(matches!(client, Err(ConfigError::Refused(_))));
}

#[test]
fn names_that_are_none_are_refused() {
    let connector = TlsConnector::builder().roots(OURS.roots()).build().unwrap();
    assert!(matches!(connector.server_name("not a name"), Err(ConfigError::Name(_))));
    let issued = OURS.issue(&["localhost"]);
    let acceptor = TlsAcceptor::builder(issued.identity()).identity_for("no name", issued.identity()).build();
    assert!(matches!(acceptor, Err(ConfigError::Name(_))));
}

#[test]
fn roots_that_are_no_certificates_are_refused_unless_there_are_others() {
    let junk = || Certificates::from_der([b"junk".to_vec()]);
    assert!(TlsConnector::builder().roots(junk()).build().is_err());
    assert!(TlsConnector::builder().roots(junk().and(OURS.roots()).and(STRANGER.roots())).build().is_ok());
}

#[test]
fn the_roots_of_the_system_are_in_the_file_that_the_environment_names() {
    let name = "files::the_roots_of_the_system_are_in_the_file_that_the_environment_names";
    if conformance::alone(name, "export SSL_CERT_FILE=/nowhere/roots.pem") {
        let text = said(TlsConnector::new());
        assert!(text.contains("/nowhere/roots.pem"), "{text}");
    }
}
