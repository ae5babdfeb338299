//! Handshakes: what is agreed on, and what is refused.

use crate::pki::{OURS, STRANGER, acceptor, connector, identity};
use crate::wire::{a_while, ends, receive, send, shaken, sockets};
use loop_io::{StreamReader, StreamWriter, streams};
use loop_tls::rustls::{AlertDescription, CertificateError, Error};
use loop_tls::{TlsAcceptor, TlsConnector, TlsError, TlsSession};
use std::io;
use std::time::Duration;

/// What TLS says of an error.
fn reason(error: &io::Error) -> &Error {
    let inner = error.get_ref().unwrap_or_else(|| panic!("not of TLS: {error}"));
    inner.downcast_ref::<TlsError>().unwrap_or_else(|| panic!("not of TLS: {error}")).reason()
}

fn session(writer: &StreamWriter) -> TlsSession {
    writer.get_extra_info().expect("the handshake is done")
}

/// Why a client refuses a server that shows this. The server hears of it.
async fn refused(acceptor: &TlsAcceptor) -> io::Error {
    let (client, server) = shaken(&connector(), acceptor).await;
    let heard = server.unwrap_err();
    assert!(matches!(reason(&heard), Error::AlertReceived(_)), "the server heard: {heard}");
    client.unwrap_err()
}

loop_test::on_every_runtime! {
    async fn a_server_and_a_client_talk() {
        let echo = async |mut reader: StreamReader, writer: StreamWriter| {
            while let Some(line) = reader.next_line().await? {
                writer.write(format!("{line}!\n").as_bytes())?;
            }
            io::Result::Ok(())
        };
        let server = acceptor().start_server(echo, "127.0.0.1:0").await.unwrap();
        let (mut reader, writer) = connector().open_connection(server.addresses()[0]).await.unwrap();
        writer.write(b"hello\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"hello!\n");
        writer.close();
        writer.wait_closed().await.unwrap();
        server.close();
        server.wait_closed().await;
    }

    async fn both_ends_know_what_was_agreed_on() {
        let ((_near, near), (_far, far)) = ends().await;
        let (client, server) = (session(&near), session(&far));
        assert_eq!((client.version(), client.cipher()), ("TLSv1.3", server.cipher()));
        assert!(client.cipher().starts_with("TLS13_"), "{client:?}");
        assert_eq!((client.peer_certificates().len(), server.peer_certificates().len()), (1, 0));
        assert_eq!((client.server_name(), server.server_name()), (None, Some("localhost")));
        assert_eq!((client.alpn(), client.resumed()), (None, false));
        assert!(near.get_extra_info::<String>().is_none());
        assert!(near.peer_name().is_some() && near.peer_name() == far.local_name());
        near.abort();
        assert!(near.get_extra_info::<TlsSession>().is_none());
    }

    async fn of_the_protocols_that_both_offer_the_servers_first_is_spoken() {
        let client = TlsConnector::builder().roots(OURS.roots()).alpn(["http/1.1", "h2", "x"]).build().unwrap();
        let client = client.server_name("localhost").unwrap();
        let server = TlsAcceptor::builder(identity(&["localhost"])).alpn(["h2", "http/1.1"]).build().unwrap();
        let (near, far) = shaken(&client, &server).await;
        let (near, far) = (near.unwrap(), far.unwrap());
        assert_eq!(session(&near.1).alpn(), Some(&b"h2"[..]));
        assert_eq!(session(&far.1).alpn(), Some(&b"h2"[..]));
        let other = TlsAcceptor::builder(identity(&["localhost"])).alpn(["y"]).build().unwrap();
        let (near, far) = shaken(&client, &other).await;
        assert_eq!(reason(&far.unwrap_err()), &Error::NoApplicationProtocol);
        let told = Error::AlertReceived(AlertDescription::NoApplicationProtocol);
        assert_eq!(reason(&near.unwrap_err()), &told);
    }

    async fn the_name_that_is_asked_for_chooses_the_certificate() {
        let [default, one, below] = [&["default.test"][..], &["one.test"], &["*.below.test"]].map(|names| OURS.issue(names));
        let server = TlsAcceptor::builder(default.identity())
            .identity_for("one.test", one.identity())
            .identity_for("*.below.test", below.identity())
            .build()
            .unwrap();
        for (name, shown) in [("default.test", &default), ("ONE.test", &one), ("any.below.test", &below)] {
            let (near, _far) = shaken(&connector().server_name(name).unwrap(), &server).await;
            let near = near.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(session(&near.1).peer_certificates()[0].as_ref(), shown.der, "{name}");
        }
        let (near, _far) = shaken(&connector().server_name("two.deep.below.test").unwrap(), &server).await;
        let error = near.unwrap_err();
        assert!(error.to_string().contains("server_name"), "{error}");
    }

    async fn a_certificate_of_another_host_is_refused_and_the_server_is_told() {
        let error = refused(&TlsAcceptor::new(identity(&["other.test"])).unwrap()).await;
        assert!(matches!(reason(&error), Error::InvalidCertificate(_)), "{error}");
        assert!(error.to_string().contains("other.test"), "{error}");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    async fn an_expired_certificate_is_refused_and_the_server_is_told() {
        let error = refused(&TlsAcceptor::new(OURS.issue_expired(&["localhost"]).identity()).unwrap()).await;
        let expired = matches!(
            reason(&error),
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })
        );
        assert!(expired, "{error}");
    }

    async fn a_certificate_of_an_unknown_issuer_is_refused_and_the_server_is_told() {
        let error = refused(&TlsAcceptor::new(STRANGER.issue(&["localhost"]).identity()).unwrap()).await;
        assert_eq!(reason(&error), &Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert!(error.to_string().contains("roots("), "{error}");
    }

    async fn a_client_without_the_certificate_that_is_asked_for_is_refused_and_told() {
        let builder = TlsAcceptor::builder(identity(&["localhost"])).client_roots(OURS.roots());
        let (near, far) = shaken(&connector(), &builder.build().unwrap()).await;
        assert_eq!(reason(&far.unwrap_err()), &Error::NoCertificatesPresented);
        // Its own handshake is done before the server has seen what it lacks.
        let (mut reader, _writer) = near.unwrap();
        let error = reader.read(1).await.unwrap_err();
        assert!(error.to_string().contains("CertificateRequired"), "{error}");
    }

    async fn a_client_shows_its_certificate_to_a_server_that_asks() {
        let me = OURS.issue(&["a.client.test"]);
        let client = TlsConnector::builder().roots(OURS.roots()).identity(me.identity()).build().unwrap();
        let client = client.server_name("localhost").unwrap();
        let server = || TlsAcceptor::builder(identity(&["localhost"]));
        for server in [server().client_roots(OURS.roots()), server().optional_client_roots(OURS.roots())] {
            let (_near, far) = shaken(&client, &server.build().unwrap()).await;
            assert_eq!(session(&far.unwrap().1).peer_certificates()[0].as_ref(), me.der);
        }
        let (near, far) = shaken(&client, &server().client_roots(STRANGER.roots()).build().unwrap()).await;
        assert!(matches!(reason(&far.unwrap_err()), Error::InvalidCertificate(_)));
        drop(near);
        let (near, far) = shaken(&connector(), &server().optional_client_roots(OURS.roots()).build().unwrap()).await;
        near.unwrap();
        assert!(session(&far.unwrap().1).peer_certificates().is_empty());
    }

    async fn a_second_connection_goes_on_from_the_first() {
        let (connector, acceptor) = (connector(), acceptor());
        for resumed in [false, true] {
            let (near, far) = shaken(&connector, &acceptor).await;
            let ((mut reader, near), (_reader, far)) = (near.unwrap(), far.unwrap());
            assert_eq!((session(&near).resumed(), session(&far).resumed()), (resumed, resumed));
            // With the first byte the client has read the ticket before it, too.
            far.write(b"x").unwrap();
            assert_eq!(reader.read(1).await.unwrap(), b"x");
        }
    }

    async fn a_server_says_what_is_wrong_with_a_client_that_talks_no_tls() {
        let (mut near, far) = sockets().await;
        let (mut reader, writer) = streams(far);
        send(&mut near, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let error = acceptor().start_tls(&mut reader, &writer).await.unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
        let error = writer.wait_closed().await.unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
        // An alert, and then the end.
        assert_eq!(receive(&mut near).await[0], 21);
        assert_eq!(receive(&mut near).await, b"");
    }

    async fn a_client_says_what_is_wrong_with_a_server_that_talks_no_tls() {
        let (near, mut far) = sockets().await;
        let (mut reader, writer) = streams(near);
        send(&mut far, b"220 mail.test ESMTP\r\n").await;
        let error = connector().start_tls(&mut reader, &writer).await.unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
    }

    async fn a_peer_that_ends_in_the_middle_of_the_handshake_is_an_unexpected_end() {
        let (near, far) = sockets().await;
        let (mut reader, writer) = streams(near);
        drop(far);
        let error = connector().start_tls(&mut reader, &writer).await.unwrap_err();
        let kinds = [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
        assert!(kinds.contains(&error.kind()), "{error}");
    }

    async fn a_silent_peer_is_given_up_after_the_handshake_timeout() {
        const SOON: Duration = Duration::from_millis(20);
        let (near, far) = sockets().await;
        let ((mut near, near_writer), (mut far, far_writer)) = (streams(near), streams(far));
        let error = acceptor().handshake_timeout(SOON).start_tls(&mut far, &far_writer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("handshake_timeout"), "{error}");
        assert_eq!(far_writer.wait_closed().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(near.read(1).await.unwrap(), b"", "what is beneath is closed");
        drop(near_writer);
    }

    async fn a_close_ends_a_handshake() {
        let server = acceptor().start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
        let (mut silent, writer) = loop_io::open_connection(server.addresses()[0]).await.unwrap();
        while server.clients() == 0 {
            a_while().await;
        }
        core_loop::yield_now().await;
        server.close();
        server.close_clients();
        assert_eq!(silent.read(1).await.unwrap(), b"");
        server.wait_closed().await;
        drop(writer);
    }

    async fn a_server_without_a_name_cannot_be_asked_for() {
        let nameless = TlsConnector::builder().roots(OURS.roots()).build().unwrap();
        let (near, _far) = sockets().await;
        let (mut reader, writer) = streams(near);
        let error = nameless.start_tls(&mut reader, &writer).await.unwrap_err();
        assert!(error.to_string().contains("server_name"), "{error}");
        assert!(!writer.is_closing(), "nothing has happened to the connection");
    }

    async fn an_address_is_a_name_as_well() {
        let server = TlsAcceptor::new(identity(&["127.0.0.1"])).unwrap();
        let server = server.start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
        let by_address = TlsConnector::builder().roots(OURS.roots()).build().unwrap();
        let (mut reader, _writer) = by_address.open_connection(server.addresses()[0]).await.unwrap();
        assert_eq!(reader.read(1).await.unwrap(), b"");
    }
}
