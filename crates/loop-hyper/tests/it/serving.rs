//! Requests, and their answers.

use crate::{ask, echo, echo_server, get, run};
use core_loop::net::{TcpListener, TcpStream, UnixStream};
use core_loop::{gather, spawn};
use hyper::Request;
use hyper::service::service_fn;
use loop_hyper::{Http1, Streams, connect, handshake};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io::{Read, Write};
use std::rc::Rc;

#[test]
fn requests_over_one_connection_are_answered_one_after_the_other() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        for path in ["/one", "/two", "/three"] {
            assert_eq!(ask(&mut sender, get(path)).await, (200, path.to_owned()));
        }
        assert_eq!(server.clients(), 1);
    });
}

#[test]
fn a_large_body_goes_there_and_back() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let body: String = (0..1_000_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        let request = Request::post("/").header("host", "test").body(body.clone()).unwrap();
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        let (status, came) = ask(&mut sender, request).await;
        assert!(status == 200 && came == body, "{status}, {} bytes", came.len());
    });
}

#[test]
fn many_clients_are_served_side_by_side() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let address = server.addresses()[0];
        let clients = (0..64).map(|number| {
            spawn(async move {
                let mut sender = connect(address).await.unwrap();
                for round in 0..8 {
                    let path = format!("/{number}/{round}");
                    assert_eq!(ask(&mut sender, get(&path)).await, (200, path));
                }
            })
        });
        for ended in gather(clients.collect::<Vec<_>>()).await.unwrap() {
            ended.unwrap();
        }
    });
}

#[test]
fn a_service_may_hold_what_belongs_to_one_thread() {
    run(async {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let notes = seen.clone();
        let service = service_fn(move |request| {
            notes.borrow_mut().push(hyper::Request::uri(&request).path().to_owned());
            echo(request)
        });
        let server = loop_hyper::start_server(service, "127.0.0.1:0").await.unwrap();
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        ask(&mut sender, get("/noted")).await;
        assert_eq!(*seen.borrow(), ["/noted"]);
    });
}

#[test]
fn a_connection_that_is_not_kept_ends_after_one_answer() {
    run(async {
        let server = echo_server(&Http1::new().keep_alive(false)).await;
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        assert_eq!(ask(&mut sender, get("/once")).await.0, 200);
        sender.ready().await.unwrap_err();
    });
}

#[test]
fn the_loops_own_sockets_carry_it_too() {
    run(async {
        let (near, far) = UnixStream::pair().unwrap();
        let serving =
            spawn(async move { Http1::new().serve_connection(far, service_fn(echo), pending()).await });
        let mut sender = handshake(near).await.unwrap();
        assert_eq!(ask(&mut sender, get("/unix")).await, (200, "/unix".to_owned()));
        drop(sender);
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn streams_carry_a_client() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let (reader, writer) = loop_io::open_connection(server.addresses()[0]).await.unwrap();
        let mut sender = handshake(Streams::new(reader, writer)).await.unwrap();
        assert_eq!(ask(&mut sender, get("/streams")).await, (200, "/streams".to_owned()));
    });
}

#[test]
fn a_server_on_a_listener_of_ones_own() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Http1::new().start_server_on(service_fn(echo), vec![Box::new(listener)]);
        let mut sender = connect(address).await.unwrap();
        assert_eq!(ask(&mut sender, get("/own")).await.0, 200);
        assert_eq!(server.addresses(), [address]);
    });
}

#[test]
fn a_service_that_fails_is_reported_and_the_server_goes_on() {
    run(async {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let noted = reports.clone();
        core_loop::Loop::current()
            .set_exception_handler(move |_, context| noted.borrow_mut().push(context.to_string()));
        let calls = Cell::new(0);
        let service = service_fn(move |request| {
            let call = calls.replace(calls.get() + 1);
            async move {
                match call {
                    0 => Err("no luck".into()),
                    1 => std::panic::resume_unwind(Box::new("worse")),
                    _ => Ok::<_, Box<dyn std::error::Error + Send + Sync>>(echo(request).await?),
                }
            }
        });
        let server = loop_hyper::start_server(service, "127.0.0.1:0").await.unwrap();
        for (at, word) in ["user", "panic"].into_iter().enumerate() {
            let mut sender = connect::<String>(server.addresses()[0]).await.unwrap();
            sender.send_request(get("/")).await.unwrap_err();
            while server.clients() > 0 {
                core_loop::yield_now().await;
            }
            assert!(reports.borrow()[at].contains(word), "{reports:?}");
        }
        let mut sender = connect(server.addresses()[0]).await.unwrap();
        assert_eq!(ask(&mut sender, get("/alive")).await.0, 200);
        assert_eq!(reports.borrow().len(), 2, "{reports:?}");
    });
}

#[test]
fn a_client_of_another_make_is_understood() {
    run(async {
        let server = echo_server(&Http1::new()).await;
        let address = server.addresses()[0];
        let asking = core_loop::to_thread(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n").unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            said
        });
        let said = asking.await.unwrap();
        assert!(said.contains("\r\n\r\n/aHTTP/1.0 200 OK") && said.ends_with("\r\n\r\n/b"), "{said}");
    });
}

#[test]
fn hyper_is_used_as_its_manual_has_it() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (served, _) = listener.accept().await.unwrap();
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(loop_hyper::LoopTimer);
        let serving = spawn(http.serve_connection(loop_hyper::Io::new(served), service_fn(echo)));
        let mut sender = handshake(client).await.unwrap();
        assert_eq!(ask(&mut sender, get("/manual")).await.0, 200);
        drop(sender);
        serving.await.unwrap().unwrap();
    });
}
