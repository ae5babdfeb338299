//! Servers that stop, and connections that are told to.

use crate::{ask, echo, echo_server, get, run, text};
use core_loop::{Future, spawn, wait_until_idle};
use hyper::Response;
use hyper::service::service_fn;
use loop_hyper::{Http1, connect};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_request_in_flight_is_answered_and_an_idle_connection_ends() {
    run(async {
        let (promise, future) = Future::<&'static str>::promise();
        let service = service_fn(move |_| {
            let future = future.clone();
            async move { Ok::<_, core_loop::JoinError>(Response::new(future.await?.to_owned())) }
        });
        let server = loop_hyper::start_server(service, "127.0.0.1:0").await.unwrap();
        let address = server.addresses()[0];
        let mut sender = connect(address).await.unwrap();
        let asking = spawn(async move {
            let response = sender.send_request(get("/")).await.unwrap();
            text(response.into_body()).await.unwrap()
        });
        let idle = TcpStream::connect(address).unwrap();
        while server.clients() < 2 {
            wait_until_idle().await;
        }
        wait_until_idle().await;
        let stopping = spawn({
            let server = server.clone();
            async move { server.shutdown(Duration::from_secs(3600)).await }
        });
        // The idle one is closed by the server, although its client keeps it.
        let mut said = Vec::new();
        core_loop::to_thread(move || (&idle).read_to_end(&mut said).map(|_| said)).await.unwrap().unwrap();
        assert!(!stopping.done(), "a request was in flight");
        promise.set_result("late").unwrap();
        assert_eq!(asking.await.unwrap(), "late");
        assert_eq!(stopping.await.unwrap(), 0);
        assert!(server.addresses().is_empty() && server.clients() == 0);
    });
}

#[test]
fn a_request_that_never_ends_is_cut_off_and_counted() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
        while server.clients() == 0 {
            wait_until_idle().await;
        }
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        // It has been read when a request that came after it is answered.
        ask(&mut sender, get("/")).await;
        drop(sender);
        while server.clients() > 1 {
            wait_until_idle().await;
        }
        assert_eq!(server.shutdown(Duration::from_millis(1)).await, 1);
        server.wait_closed().await;
    });
}

#[test]
fn a_request_that_has_begun_when_the_server_stops_is_answered() {
    run(async {
        let (client, served) = core_loop::net::UnixStream::pair().unwrap();
        let (mut reader, writer) = loop_io::streams(client);
        let (promise, stop) = Future::<()>::promise();
        let serving = spawn(async move {
            let stop = async { drop(stop.await) };
            Http1::new().serve_connection(served, service_fn(echo), stop).await
        });
        writer.write(b"GET /late HTTP/1.1\r\nho").unwrap();
        wait_until_idle().await;
        promise.set_result(()).unwrap();
        wait_until_idle().await;
        writer.write(b"st: here\r\n\r\n").unwrap();
        let answer = String::from_utf8(reader.read_to_end().await.unwrap()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\n/late"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        drop((reader, writer));
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn a_dropped_server_refuses_and_keeps_its_connections() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let address = server.addresses()[0];
        let mut sender = connect(address).await.unwrap();
        ask(&mut sender, get("/before")).await;
        drop(server);
        connect::<String>(address).await.unwrap_err();
        assert_eq!(ask(&mut sender, get("/after")).await.0, 200);
    });
}
