//! The echo server as a program: real clients, on every runtime.

mod client;
mod crowd;
mod peers;
mod server;

use client::{Client, request};
use server::{Server, on_every_runtime, refused, refused_after};
use std::io::Write;
use std::net::Shutdown;

#[test]
fn what_is_asked_for_comes_back_over_one_connection() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        for what in ["hello", "", "a/b", "again"] {
            assert_eq!(client.get(&format!("/echo/{what}")), (200, what.into()));
        }
    });
}

#[test]
fn requests_that_come_all_at_once_are_answered_in_order() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        let all: String = (0..200).map(|n| request("GET", &format!("/echo/{n}"))).collect();
        client.send(all.as_bytes());
        for n in 0..200 {
            assert_eq!(client.answer(), (200, n.to_string().into()));
        }
    });
}

#[test]
fn percent_encoding_is_taken_off_and_bytes_stay_bytes() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        assert_eq!(client.get("/echo/a%20b%2Fc?query"), (200, "a b/c".into()));
        assert_eq!(client.get("/echo/%C3%A4+%e2%82%ac"), (200, "ä+€".into()));
        assert_eq!(client.get("/echo/%00%ff"), (200, vec![0, 255]));
        assert_eq!(client.get("/echo/100%").0, 400);
        assert_eq!(client.get("/echo/%zz").0, 400);
        assert_eq!(client.get("/echo/still-there"), (200, "still-there".into()));
    });
}

#[test]
fn other_paths_and_other_methods_are_refused_and_the_connection_lives_on() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        assert_eq!(client.get("/").0, 404);
        assert_eq!(client.get("/echo").0, 404);
        client.send(request("DELETE", "/echo/x").as_bytes());
        assert_eq!(client.answer().0, 405);
        assert_eq!(client.get("/echo/x"), (200, "x".into()));
    });
}

#[test]
fn a_malformed_request_is_answered_with_400_and_survived() {
    let malformed: [&[u8]; 6] = [
        b"nonsense\r\n\r\n",
        b"GET /echo/x HTTP/9.9\r\n\r\n",
        b"GET /echo/\x01 HTTP/1.1\r\n\r\n",
        b"GET /echo/x HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /echo/x HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    on_every_runtime(|server| {
        for bytes in malformed {
            let mut client = Client::connect(server);
            client.send(bytes);
            let answered = client.answer();
            assert_eq!(answered.0, 400, "{:?}", bytes.escape_ascii().to_string());
            client.expect_end();
        }
        assert_eq!(Client::connect(server).get("/echo/alive"), (200, "alive".into()));
    });
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        // More than the server reads before it answers: a close over it must not overtake the answer.
        let mut bytes = b"nonsense\r\n\r\n".to_vec();
        bytes.resize(256 * 1024, b'x');
        client.send(&bytes);
        assert_eq!(client.answer().0, 400);
    });
}

#[test]
fn a_client_that_closed_its_side_still_gets_the_answer() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        client.send(request("GET", "/echo/last").as_bytes());
        client.stream().shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.answer(), (200, "last".into()));
        client.expect_end();
    });
}

#[test]
fn a_request_that_is_cut_short_is_answered_with_400() {
    on_every_runtime(|server| {
        let mut client = Client::connect(server);
        client.send(b"GET /echo/half HTTP/1.1\r\nho");
        client.stream().shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.answer().0, 400);
        client.expect_end();
    });
}

#[test]
fn sixty_four_connections_are_served_side_by_side() {
    on_every_runtime(|server| {
        let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(server)).collect();
        for round in 0..4 {
            for (n, client) in clients.iter_mut().enumerate() {
                client.send(request("GET", &format!("/echo/{round}-{n}")).as_bytes());
            }
            // The last first: none may depend on another.
            for (n, client) in clients.iter_mut().enumerate().rev() {
                assert_eq!(client.answer(), (200, format!("{round}-{n}").into()));
            }
        }
    });
}

#[test]
fn clients_that_vanish_do_no_harm() {
    on_every_runtime(|server| {
        for _ in 0..50 {
            let mut client = Client::connect(server);
            client.send(request("GET", "/echo/unread").as_bytes());
        }
        assert_eq!(Client::connect(server).get("/echo/alive"), (200, "alive".into()));
    });
}

#[test]
fn a_server_without_descriptors_says_so_and_recovers() {
    for runtime in server::RUNTIMES {
        let Some(mut server) = Server::start_with(runtime, "ulimit -n 64;") else { continue };
        let crowd: Vec<Client> = (0..128).map(|_| Client::connect(&server)).collect();
        let line = server.stderr_line();
        assert!(line.contains("no connection can be accepted"), "{runtime}: {line}");
        drop(crowd);
        assert_eq!(Client::connect(&server).get("/echo/alive"), (200, "alive".into()), "{runtime}");
        let said = server.interrupt_and_wait().stderr;
        assert!(said.lines().count() < 1000, "{runtime}: it spins: {said}");
    }
}

#[test]
fn an_interrupt_ends_it_cleanly_with_a_line_that_says_so() {
    on_every_runtime(|server| {
        let mut idle = Client::connect(server);
        assert_eq!(idle.get("/echo/x"), (200, "x".into()));
        let _silent = Client::connect(server);
        let address = server.address();
        let ended = server.interrupt_and_wait();
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("shutting down"), "{ended:?}");
        assert!(ended.stdout.ends_with("shut down: every request was answered\n"), "{ended:?}");
        assert_eq!(ended.stderr, "");
        idle.expect_end();
        assert!(std::net::TcpStream::connect(address).is_err(), "the port is free again");
    });
}

#[test]
fn a_request_that_never_ends_is_cut_off_and_counted() {
    let Some(mut server) = Server::start("native") else { return };
    let mut client = Client::connect(&server);
    client.send(b"GET /echo/x HTTP/1.1\r\n");
    // It has been read when a request that came after it is answered.
    assert_eq!(Client::connect(&server).get("/echo/y"), (200, "y".into()));
    let ended = server.interrupt_and_wait();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("cut off"), "{ended:?}");
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for runtime in server::RUNTIMES {
        let (code, line) = refused(&["--runtime", runtime, "--listen", &address]);
        if server::cannot_run_here(runtime, &line) {
            continue;
        }
        assert_eq!(code, Some(1), "{runtime}");
        assert!(line.contains(&address) && line.contains("in use"), "{runtime}: {line}");
    }
}

#[test]
fn a_runtime_that_cannot_run_here_is_one_clear_line() {
    // Less than glommio may do without.
    let (code, line) = refused_after("ulimit -l 64;", &["--runtime", "glommio", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1));
    assert!(line.starts_with("glommio cannot run here: ") && line.contains("; "), "{line}");
}

#[test]
fn a_wrong_command_line_is_one_clear_line() {
    let (code, line) = refused(&["--listen", "nonsense"]);
    assert_eq!(code, Some(1));
    assert!(line.contains("\"nonsense\": not an address; write \"host:port\""), "{line}");
    let (code, line) = refused(&["--runtime", "async-std"]);
    assert_eq!(code, Some(2));
    assert!(
        ["async-std", "native", "tokio", "smol", "glommio"].iter().all(|name| line.contains(name)),
        "{line}"
    );
    let (code, line) = refused(&["--listen"]);
    assert_eq!((code, line.as_str()), (Some(2), "--listen needs a value: --listen HOST:PORT"));
    assert_eq!(refused(&["--runtime"]).0, Some(2));
    assert_eq!(refused(&["--port", "80"]).0, Some(2));
}

#[test]
fn a_server_whose_output_nobody_reads_lives_on() {
    let Some(mut server) = Server::start("native") else { return };
    server.close_outputs();
    assert_eq!(Client::connect(&server).get("/echo/alive"), (200, "alive".into()));
    assert_eq!(server.interrupt_and_wait().code, Some(0));
}

#[test]
fn a_flood_of_bytes_without_an_end_is_refused() {
    on_every_runtime(|server| {
        let client = Client::connect(server);
        let flood = vec![b'a'; 4 << 20];
        // It may be cut off at any point, but the server lives.
        let _cut_off = client.stream().write_all(&flood);
        assert_eq!(Client::connect(server).get("/echo/alive"), (200, "alive".into()));
    });
}
