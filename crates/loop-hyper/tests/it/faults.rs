//! Clients that misbehave; more of them are tried on every runtime, by the examples.

use crate::{ask, echo, echo_server, get, run};
use core_loop::net::UnixStream;
use core_loop::spawn;
use hyper::service::service_fn;
use loop_hyper::{Http1, connect};
use loop_io::{StreamReader, StreamWriter, streams};
use std::future::pending;
use std::time::Duration;

/// Soon, for limits that are waited for.
const SOON: Duration = Duration::from_millis(20);

/// The client's side of a connection that is served as `http` has it.
fn served(http: Http1) -> (StreamReader, StreamWriter) {
    let (near, far) = UnixStream::pair().unwrap();
    spawn(async move { http.serve_connection(far, service_fn(echo), pending()).await }).detach();
    streams(near)
}

#[test]
fn a_client_that_asks_for_nothing_more_is_thrown_out() {
    run(async {
        let (mut reader, writer) = served(Http1::new().header_read_timeout(Some(SOON)).idle_timeout(None));
        writer.write(b"GET /once HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let answer = String::from_utf8(reader.read_to_end().await.unwrap()).unwrap();
        assert!(answer.ends_with("/once"), "{answer}");
    });
}

#[test]
fn a_connection_on_which_nothing_moves_is_closed() {
    run(async {
        let (mut reader, writer) =
            served(Http1::new().header_read_timeout(None).idle_timeout(Some(Duration::from_millis(1))));
        // Half of a body: the head has come, and no timer of hyper's runs.
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
    });
}

#[test]
fn nonsense_is_answered_with_400() {
    run(async {
        for nonsense in ["nonsense\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\ncut"] {
            let (mut reader, writer) = served(Http1::new());
            writer.write(nonsense.as_bytes()).unwrap();
            writer.write_eof();
            let answer = String::from_utf8(reader.read_to_end().await.unwrap()).unwrap();
            assert!(answer.starts_with("HTTP/1.1 400 "), "{nonsense:?}: {answer}");
        }
    });
}

#[test]
fn a_client_learns_that_its_server_has_gone() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        ask(&mut sender, get("/")).await;
        server.close();
        server.abort_clients();
        let error = sender.send_request(get("/")).await.unwrap_err();
        assert!(error.is_canceled() || error.is_closed() || error.is_incomplete_message(), "{error:?}");
    });
}
