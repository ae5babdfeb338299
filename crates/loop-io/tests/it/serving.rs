//! Servers, and connecting to them.

use crate::{echo, noted_reports, run};
use core_loop::{spawn, wait_until_idle};
use loop_io::{
    Accept, Channel, Connect, Endpoint, Listen, StreamReader, StreamWriter, open_connection, start_server,
};
use nix::errno::Errno;
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::task::{Context, Poll};

#[test]
fn an_echo_answers_each_of_many_clients() {
    run(async {
        let server = echo().await;
        let address = server.addresses()[0];
        let clients: Vec<_> = (0..64_u8)
            .map(|number| {
                spawn(async move {
                    let (mut reader, writer) = open_connection(address).await.unwrap();
                    let sent = vec![number; 100_000];
                    writer.write(&sent).unwrap();
                    writer.write_eof();
                    assert_eq!(reader.read_to_end().await.unwrap(), sent);
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_handler_that_fails_is_reported_once_and_one_that_is_cancelled_is_not() {
    run(async {
        let reports = noted_reports();
        let handler = async |mut reader: StreamReader, _writer: StreamWriter| match reader.next_line().await?
        {
            Some(line) if line == "panic" => std::panic::resume_unwind(Box::new("no luck")),
            Some(line) if line == "cancel" => {
                core_loop::current_task().unwrap().cancel("as asked");
                std::future::pending().await
            }
            _ => Err(std::io::Error::other("no line")),
        };
        let server = start_server(handler, "127.0.0.1:0").await.unwrap();
        for (line, told) in [("panic\n", 1), ("cancel\n", 0), ("\n", 1)] {
            let (mut reader, writer) = open_connection(server.addresses()[0]).await.unwrap();
            writer.write(line.as_bytes()).unwrap();
            assert_eq!(reader.read_to_end().await.unwrap(), b"", "the connection closes");
            wait_until_idle().await;
            assert_eq!(reports.take().len(), told, "{line}");
        }
    });
}

#[test]
fn a_closed_server_refuses_and_keeps_its_clients() {
    run(async {
        let server = echo().await;
        let address = server.addresses()[0];
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(b"x").unwrap();
        reader.read_exact(1).await.unwrap();
        server.close();
        assert!(server.addresses().is_empty() && !server.is_serving());
        assert_eq!(open_connection(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        writer.write(b"y").unwrap();
        assert_eq!(reader.read_exact(1).await.unwrap(), b"y");
        let waiting = spawn({
            let server = server.clone();
            async move { server.wait_closed().await }
        });
        wait_until_idle().await;
        assert!(!waiting.done() && server.clients() == 1);
        writer.close();
        waiting.await.unwrap();
    });
}

#[test]
fn dropping_serve_forever_closes_the_server() {
    run(async {
        let server =
            Listen::new().start_serving(false).start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
        assert!(!server.is_serving());
        let serving = spawn({
            let server = server.clone();
            async move { server.serve_forever().await }
        });
        wait_until_idle().await;
        assert!(server.is_serving());
        serving.cancel("enough");
        assert!(serving.await.is_err());
        assert!(!server.is_serving() && server.addresses().is_empty());
    });
}

#[test]
fn a_server_listens_on_several_addresses() {
    run(async {
        let listen = Listen::new().also("127.0.0.1:0").also("localhost:0");
        let server = listen.start_server(async |_, _| {}, "127.0.0.2:0").await.unwrap();
        assert!(server.addresses().len() >= 2, "{server:?}");
        for address in server.addresses() {
            let (mut reader, _writer) = open_connection(address).await.unwrap();
            assert_eq!(reader.read_to_end().await.unwrap(), b"");
        }
    });
}

#[test]
fn all_addresses_of_both_versions_can_be_listened_on_at_once() {
    run(async {
        let (server, port) = loop {
            let v6 = match std::net::TcpListener::bind("[::1]:0") {
                Ok(v6) => v6,
                Err(error) => {
                    let name = "all_addresses_of_both_versions_can_be_listened_on_at_once";
                    return conformance::skipped(name, &format!("this machine has no version six: {error}"));
                }
            };
            let port = v6.local_addr().unwrap().port();
            drop(v6);
            let listen = Listen::new().also(("::", port));
            match listen.start_server(async |_, _| {}, ("0.0.0.0", port)).await {
                Ok(server) => break (server, port),
                // Somebody else was quicker to take it.
                Err(error) => assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}"),
            }
        };
        for address in ["127.0.0.1", "::1"] {
            let (mut reader, _writer) = open_connection((address, port)).await.unwrap();
            assert_eq!(reader.read_to_end().await.unwrap(), b"");
        }
        drop(server);
    });
}

#[test]
fn two_servers_share_an_address_if_both_ask_for_it() {
    run(async {
        let listen = Listen::new().reuse_port(true).backlog(10);
        let first = listen.start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
        let address = first.addresses()[0];
        let second = listen.start_server(async |_, _| {}, address).await.unwrap();
        assert_eq!(second.addresses(), [address]);
        let alone = start_server(async |_, _| {}, address).await.unwrap_err();
        assert_eq!(alone.kind(), ErrorKind::AddrInUse);
        drop(first);
        let (mut reader, _writer) = open_connection(address).await.unwrap();
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
    });
}

#[test]
fn an_address_that_is_taken_is_an_error_and_nothing_is_left_open() {
    run(async {
        let server = echo().await;
        let taken = server.addresses()[0];
        // The same port at an address that nobody else uses.
        let free = std::net::SocketAddr::from(([127, 0, 0, 77], taken.port()));
        let error = Listen::new().also(taken).start_server(async |_, _| {}, free).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
        assert_eq!(open_connection(free).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_client_can_choose_the_address_that_it_comes_from() {
    run(async {
        let peers = Rc::new(RefCell::new(Vec::new()));
        let noted = peers.clone();
        let handler = async move |reader: StreamReader, _: StreamWriter| {
            noted.borrow_mut().extend(reader.peer_name().unwrap().inet());
        };
        let server = start_server(handler, "127.0.0.1:0").await.unwrap();
        let from = Connect::new().local_address(([127, 0, 0, 9], 0)).keep_alive(true);
        let (mut reader, _writer) = from.open(server.addresses()[0]).await.unwrap();
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
        assert_eq!(peers.borrow()[0].ip().to_string(), "127.0.0.9");
        let error =
            Connect::new().local_address(([8, 8, 8, 8], 0)).open(server.addresses()[0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    });
}

/// Fails for ever, as if no connection ever lived until it was accepted.
struct Failing(Rc<Cell<usize>>);

impl Accept for Failing {
    fn poll_accept(&self, _: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>> {
        self.0.set(self.0.get() + 1);
        Poll::Ready(Err(Errno::ECONNABORTED.into()))
    }

    fn local_name(&self) -> Option<Endpoint> {
        None
    }
}

#[test]
fn a_server_to_which_nothing_but_failures_come_says_so_and_does_not_spin() {
    run(async {
        let (reports, tries) = (noted_reports(), Rc::<Cell<usize>>::default());
        let server = Listen::new().start_server_on(async |_, _| {}, vec![Box::new(Failing(tries.clone()))]);
        while reports.borrow().is_empty() {
            core_loop::yield_now().await;
        }
        let before = tries.get();
        // Without a pause nothing is ever idle.
        wait_until_idle().await;
        assert!(before <= 101 && tries.get() <= before + 1, "{before}, then {}", tries.get());
        server.close();
    });
}

#[test]
fn a_server_without_descriptors_serves_when_there_are_some() {
    conformance::server_without_descriptors(
        "serving::a_server_without_descriptors_serves_when_there_are_some",
        core_loop::NativeDriver::new,
    );
}

#[test]
fn what_is_given_up_in_its_middle_leaves_no_descriptor() {
    conformance::given_up_leaks_nothing(
        "serving::what_is_given_up_in_its_middle_leaves_no_descriptor",
        core_loop::NativeDriver::new,
    );
}

#[test]
fn a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program() {
    conformance::broken_pipe_kills_nobody(
        "serving::a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program",
        core_loop::NativeDriver::new,
    );
}
