//! `start_tls`: connections that begin without.

use crate::pki::{acceptor, connector};
use crate::wire::{MIB, a_while, ends, plain_ends, polled, receive, sockets};
use core_loop::{gather, spawn, yield_now};
use loop_io::{BaseProtocol, Lost, Protocol, StreamReader, StreamWriter, Transport, start_server, streams};
use loop_tls::TlsSession;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// More polls than a handshake needs.
const POLLS: usize = 24;

/// Answers lines; begins TLS when it is asked to.
async fn mail(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    writer.write(b"220 ready\r\n")?;
    while let Some(line) = reader.next_line().await? {
        match &*line {
            "STARTTLS" => {
                writer.write(b"220 go ahead\r\n")?;
                acceptor().start_tls(&mut reader, &writer).await?;
            }
            line => writer.write(format!("250 {line} {}\r\n", is_safe(&writer)).as_bytes())?,
        }
    }
    Ok(())
}

fn is_safe(writer: &StreamWriter) -> &'static str {
    if writer.get_extra_info::<TlsSession>().is_some() { "safe" } else { "plain" }
}

/// What a protocol was told.
#[derive(Debug, Default)]
struct Notes {
    received: Vec<u8>,
    lost: Option<Option<Lost>>,
}

struct Noting(Rc<RefCell<Notes>>);

impl BaseProtocol for Noting {
    fn connection_lost(&mut self, error: Option<Lost>) {
        self.0.borrow_mut().lost = Some(error);
    }
}

impl Protocol for Noting {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().received.extend_from_slice(data);
        Ok(())
    }
}

/// Has so much in the reader's buffer.
async fn read_ahead(reader: &mut StreamReader, len: usize) {
    while reader.buffer().len() < len {
        assert!(polled(1, reader.read_exact(10_000)).await.is_none());
        a_while().await;
    }
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        a_while().await;
    }
}

loop_test::on_every_runtime! {
    async fn a_conversation_goes_on_under_tls() {
        let server = start_server(mail, "127.0.0.1:0").await.unwrap();
        let (mut reader, writer) = loop_io::open_connection(server.addresses()[0]).await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"220 ready\r\n");
        writer.write(b"EHLO\r\nSTARTTLS\r\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"250 EHLO plain\r\n");
        assert_eq!(reader.readline().await.unwrap(), b"220 go ahead\r\n");
        connector().start_tls(&mut reader, &writer).await.unwrap();
        writer.write(b"EHLO\r\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"250 EHLO safe\r\n");
        assert_eq!((is_safe(&writer), server.clients()), ("safe", 1));
        writer.close();
        writer.wait_closed().await.unwrap();
        server.close();
        server.wait_closed().await;
    }

    async fn what_was_read_ahead_is_taken_for_tls() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        // The hello of TLS follows the line without waiting for an answer.
        writer.write(b"STARTTLS\n").unwrap();
        let client = spawn(async move {
            connector().start_tls(&mut near, &writer).await.unwrap();
            writer.write(b"first\n").unwrap();
            (near, writer)
        });
        read_ahead(&mut far, 100).await;
        assert_eq!(far.readline().await.unwrap(), b"STARTTLS\n");
        assert!(!far.buffer().is_empty(), "it was read ahead");
        acceptor().start_tls(&mut far, &far_writer).await.unwrap();
        assert_eq!(far.readline().await.unwrap(), b"first\n");
        client.await.unwrap();
    }

    async fn plain_text_that_somebody_put_behind_the_request_is_refused() {
        let ((_near, writer), (mut far, far_writer)) = plain_ends().await;
        writer.write(b"STARTTLS\nMAIL FROM:<somebody@else.test>\n").unwrap();
        assert_eq!(far.readline().await.unwrap(), b"STARTTLS\n");
        let error = acceptor().start_tls(&mut far, &far_writer).await.unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
        assert_eq!(far.buffer(), b"");
        assert!(far_writer.write(b"250 ok\n").is_err());
    }

    async fn what_was_written_before_leaves_in_plain() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        let server = spawn(async move {
            far_writer.write(&vec![7; 8 * MIB]).unwrap();
            acceptor().start_tls(&mut far, &far_writer).await.unwrap();
            far_writer.write(b"safe").unwrap();
            (far, far_writer)
        });
        assert!(near.read_exact(8 * MIB).await.unwrap() == vec![7; 8 * MIB]);
        connector().start_tls(&mut near, &writer).await.unwrap();
        assert_eq!(near.read_exact(4).await.unwrap(), b"safe");
        server.await.unwrap();
    }

    async fn what_is_written_during_the_handshake_waits_for_its_end() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        let writer = Rc::new(writer);
        let shared = writer.clone();
        let client = spawn(async move {
            connector().start_tls(&mut near, &shared).await.unwrap();
            near
        });
        yield_now().await;
        yield_now().await;
        writer.write(b"early").unwrap();
        assert_eq!(writer.get_write_buffer_size(), 5);
        acceptor().start_tls(&mut far, &far_writer).await.unwrap();
        assert_eq!(far.read_exact(5).await.unwrap(), b"early");
        client.await.unwrap();
        assert_eq!(is_safe(&writer), "safe");
    }

    async fn what_was_written_before_counts_as_unsent_until_it_is_sent() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        // Twice what a kernel holds while nobody reads, however long it has to make room.
        let written = 8 * MIB;
        far_writer.write(&vec![7; written]).unwrap();
        let far_writer = Rc::new(far_writer);
        let shared = far_writer.clone();
        let server = spawn(async move {
            acceptor().start_tls(&mut far, &shared).await.unwrap();
            far
        });
        yield_now().await;
        yield_now().await;
        assert!(far_writer.get_write_buffer_size() > 0, "nobody has read");
        assert!(polled(1, far_writer.flush()).await.is_none());
        let client = spawn(async move {
            assert_eq!(near.read_exact(written).await.unwrap().len(), written);
            connector().start_tls(&mut near, &writer).await.unwrap();
            (near, writer)
        });
        far_writer.flush().await.unwrap();
        assert_eq!(far_writer.get_write_buffer_size(), 0);
        client.await.unwrap();
        server.await.unwrap();
    }

    async fn an_end_during_the_handshake_comes_after_it_and_after_what_was_written() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        let writer = Rc::new(writer);
        let shared = writer.clone();
        let client = spawn(async move {
            connector().start_tls(&mut near, &shared).await.unwrap();
            near.read_to_end().await.unwrap()
        });
        yield_now().await;
        yield_now().await;
        writer.write(b"early").unwrap();
        assert!(writer.can_write_eof());
        writer.write_eof();
        assert!(writer.write(b"late").is_err());
        acceptor().start_tls(&mut far, &far_writer).await.unwrap();
        assert_eq!(far.read_to_end().await.unwrap(), b"early");
        far_writer.write(b"and the answer").unwrap();
        far_writer.close();
        assert_eq!(client.await.unwrap(), b"and the answer");
    }

    async fn a_close_during_the_handshake_gives_it_up_and_waits_for_nobody() {
        // The other side says nothing for ever.
        for early in [&b""[..], b"early"] {
            for ends_first in [false, true] {
                let ((mut near, writer), _far) = plain_ends().await;
                let writer = Rc::new(writer);
                let shared = writer.clone();
                let client = spawn(async move {
                    let connector = connector().handshake_timeout(Duration::from_secs(3600));
                    connector.start_tls(&mut near, &shared).await
                });
                yield_now().await;
                yield_now().await;
                writer.write(early).unwrap();
                if ends_first {
                    writer.write_eof();
                }
                writer.close();
                let closed = writer.wait_closed().await;
                assert_eq!(closed.is_ok(), early.is_empty(), "what is not sent is told: {closed:?}");
                let error = client.await.unwrap().unwrap_err();
                assert!(error.to_string().contains("closed during the handshake"), "{error}");
            }
        }
    }

    async fn plain_text_in_the_hands_of_a_transport_is_refused_and_never_received() {
        let ((_near, writer), (mut far, far_writer)) = plain_ends().await;
        writer.write(b"STARTTLS\nMAIL FROM:<somebody@else.test>\n").unwrap();
        read_ahead(&mut far, 40).await;
        assert_eq!(far.readline().await.unwrap(), b"STARTTLS\n");
        let notes = Rc::<RefCell<Notes>>::default();
        let (transport, _protocol) = Transport::from_streams(far, far_writer, Noting(notes.clone()));
        let error = acceptor().start_tls_on(&transport).await.unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
        until(|| notes.borrow().lost.is_some()).await;
        assert_eq!(notes.borrow().received, b"");
    }

    async fn a_hello_in_the_hands_of_a_transport_is_taken_for_tls() {
        let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
        writer.write(b"STARTTLS\n").unwrap();
        let client = spawn(async move {
            connector().start_tls(&mut near, &writer).await.unwrap();
            writer.write(b"safe").unwrap();
            (near, writer)
        });
        read_ahead(&mut far, 100).await;
        assert_eq!(far.readline().await.unwrap(), b"STARTTLS\n");
        let notes = Rc::<RefCell<Notes>>::default();
        let (transport, _protocol) = Transport::from_streams(far, far_writer, Noting(notes.clone()));
        acceptor().start_tls_on(&transport).await.unwrap();
        until(|| notes.borrow().received == b"safe").await;
        client.await.unwrap();
    }

    async fn transports_begin_tls_under_their_protocols() {
        let (near, far) = sockets().await;
        let (near_notes, far_notes) = (Rc::<RefCell<Notes>>::default(), Rc::<RefCell<Notes>>::default());
        let (near, _protocol) = Transport::new(near, Noting(near_notes.clone()));
        let (far, _protocol) = Transport::new(far, Noting(far_notes.clone()));
        near.write(b"plain ").unwrap();
        until(|| far_notes.borrow().received == b"plain ").await;
        let (client, server) = (near.clone(), far.clone());
        let shaken = gather((
            async move { connector().start_tls_on(&client).await },
            async move { acceptor().start_tls_on(&server).await },
        ));
        let (client, server) = shaken.await.unwrap();
        client.unwrap();
        server.unwrap();
        assert!(near.get_extra_info::<TlsSession>().is_some());
        near.write(b"and safe").unwrap();
        until(|| far_notes.borrow().received == b"plain and safe").await;
        far.write(b"safe, too").unwrap();
        until(|| near_notes.borrow().received == b"safe, too").await;
        near.close();
        until(|| near_notes.borrow().lost.is_some() && far_notes.borrow().lost.is_some()).await;
        let lost = (near_notes.take().lost.unwrap(), far_notes.take().lost.unwrap());
        assert!(lost.0.is_none() && lost.1.is_none(), "{lost:?}");
    }

    async fn a_protocol_hears_why_its_connection_is_lost_in_the_handshake() {
        let (near, far) = sockets().await;
        let notes = Rc::<RefCell<Notes>>::default();
        let (transport, _protocol) = Transport::new(far, Noting(notes.clone()));
        let (_reader, writer) = streams(near);
        let server = transport.clone();
        let shaking = spawn(async move { acceptor().start_tls_on(&server).await });
        yield_now().await;
        yield_now().await;
        writer.write(b"no word of TLS").unwrap();
        let error = shaking.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("not TLS"), "{error}");
        until(|| notes.borrow().lost.is_some()).await;
        let lost = notes.borrow_mut().lost.take().unwrap().expect("there is a reason");
        assert!(lost.to_string().contains("not TLS"), "{lost}");
        assert_eq!(notes.borrow().received, b"");
    }

    async fn a_handshake_that_is_given_up_after_any_number_of_polls_closes_the_connection() {
        for times in 0..POLLS {
            let ((mut near, writer), (mut far, far_writer)) = plain_ends().await;
            let server = spawn(async move {
                let shaken = acceptor().start_tls(&mut far, &far_writer).await;
                match shaken {
                    Ok(()) => far.read_to_end().await.map(|_| ()),
                    Err(error) => Err(error),
                }
            });
            let shaken = polled(times, connector().start_tls(&mut near, &writer)).await;
            match shaken {
                Some(shaken) => {
                    shaken.unwrap();
                    writer.close();
                    server.await.unwrap().unwrap();
                    writer.wait_closed().await.unwrap();
                }
                None if times == 0 => drop((near, writer)),
                None => {
                    let lost = writer.wait_closed().await.unwrap_err();
                    assert!(lost.to_string().contains("given up"), "{lost}");
                    assert!(near.read(1).await.is_err() && writer.write(b"more").is_err());
                    assert!(server.await.unwrap().is_err(), "given up after {times} polls");
                }
            }
        }
    }

    async fn tls_inside_tls_is_tls() {
        let ((mut near, writer), (mut far, far_writer)) = ends().await;
        let server = spawn(async move {
            acceptor().start_tls(&mut far, &far_writer).await.unwrap();
            far_writer.write(b"deep").unwrap();
            far_writer.close();
            far_writer.wait_closed().await
        });
        connector().start_tls(&mut near, &writer).await.unwrap();
        assert_eq!(near.read_to_end().await.unwrap(), b"deep");
        writer.close();
        writer.wait_closed().await.unwrap();
        server.await.unwrap().unwrap();
    }

    async fn a_connection_that_is_closing_begins_no_tls() {
        let ((mut near, writer), (mut far, _far_writer)) = plain_ends().await;
        writer.close();
        assert!(connector().start_tls(&mut near, &writer).await.is_err());
        assert_eq!(far.read(1).await.unwrap(), b"");
    }

    async fn nothing_is_said_before_start_tls_is_awaited() {
        let (near, mut far) = sockets().await;
        let (mut reader, writer) = streams(near);
        let connector = connector();
        drop(connector.start_tls(&mut reader, &writer));
        writer.write(b"plain").unwrap();
        assert_eq!(receive(&mut far).await, b"plain");
    }
}

#[test]
fn handshakes_that_are_given_up_leave_no_descriptor() {
    let name = "starting::handshakes_that_are_given_up_leave_no_descriptor";
    if !conformance::alone(name, "ulimit -n 64") {
        return;
    }
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let run = core_loop::run(async {
        let server = acceptor().start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
        let address = server.addresses()[0];
        // Whatever is opened once and kept is open after this.
        drop(connector().open_connection(address).await.unwrap());
        let settled = async || {
            while server.clients() > 0 {
                a_while().await;
            }
        };
        settled().await;
        let before = open();
        for times in 0..2 * POLLS {
            drop(polled(times, connector().open_connection(address)).await);
        }
        drop(connector().open_connection(address).await.unwrap());
        settled().await;
        while open() > before {
            a_while().await;
        }
    });
    run.unwrap();
}
