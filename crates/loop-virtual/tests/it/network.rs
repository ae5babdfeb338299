//! The network in memory: addresses, ports and connections.

use crate::{bounded, run};
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, gather, sleep, spawn, timeout, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Builder, Link};
use std::io::ErrorKind;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Runs `main` in a network in which everything takes ten milliseconds.
fn run_far<F: Future<Output = ()> + 'static>(main: impl FnOnce() -> F + Send + 'static) {
    bounded(move || Builder::new().link(Link::new().latency(10 * MS..=10 * MS)).run(main()).unwrap());
}

#[test]
fn whoever_connects_reaches_whoever_listens_there() {
    run_far(|| async {
        let begin = Loop::current().time();
        let listener = TcpListener::bind("10.1.2.3:80").await.unwrap();
        let server = spawn(async move {
            let (mut stream, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, stream.peer_addr().unwrap());
            assert_eq!(stream.local_addr().unwrap().to_string(), "10.1.2.3:80");
            let mut word = [0; 4];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
        });
        let mut client = TcpStream::connect("10.1.2.3:80").await.unwrap();
        assert_eq!(Loop::current().time(), begin + 20 * MS, "there and back");
        assert_eq!(client.peer_addr().unwrap().to_string(), "10.1.2.3:80");
        client.write_all(b"echo").await.unwrap();
        let mut word = Vec::new();
        client.read_to_end(&mut word).await.unwrap();
        assert_eq!(word, b"echo");
        assert_eq!(Loop::current().time(), begin + 40 * MS);
        server.await.unwrap();
    });
}

#[test]
fn nobody_there_is_refused_after_a_round_trip() {
    run_far(|| async {
        let begin = Loop::current().time();
        let refused = TcpStream::connect("10.1.2.3:80").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(refused.to_string().contains("10.1.2.3:80"), "{refused}");
        assert_eq!(Loop::current().time(), begin + 20 * MS);
    });
}

#[test]
fn an_address_in_use_is_refused_until_its_listener_is_gone() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        for address in ["127.0.0.1:80", "0.0.0.0:80"] {
            assert_eq!(TcpListener::bind(address).await.unwrap_err().kind(), ErrorKind::AddrInUse);
        }
        TcpListener::bind("127.0.0.2:80").await.unwrap();
        TcpListener::bind("[::1]:80").await.unwrap();
        drop(listener);
        TcpListener::bind("0.0.0.0:80").await.unwrap();
    });
}

#[test]
fn port_zero_is_a_port_that_nobody_has() {
    run(|| async {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let second = TcpListener::bind("[::]:0").await.unwrap().local_addr().unwrap();
        assert!(first.port() > 0 && second.port() > 0 && first.port() != second.port());
    });
}

#[test]
fn a_listener_at_every_address_is_reached_at_each() {
    run(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
        for (asked, reached) in [("10.0.0.1:80", "10.0.0.1:80"), ("0.0.0.0:80", "127.0.0.1:80")] {
            let (client, server) = gather_two(TcpStream::connect(asked), listener.accept()).await;
            assert_eq!(server.unwrap().0.local_addr().unwrap().to_string(), reached);
            drop(client.unwrap());
        }
        assert_eq!(TcpStream::connect("[::1]:80").await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

async fn gather_two<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    futures_lite::future::zip(a, b).await
}

#[test]
fn a_full_queue_makes_the_next_one_knock_again_a_second_later() {
    run(|| async {
        let listener = TcpListener::bind_with_backlog("127.0.0.1:80", 1).await.unwrap();
        let begin = Loop::current().time();
        let _first = TcpStream::connect("127.0.0.1:80").await.unwrap();
        let second = spawn(TcpStream::connect("127.0.0.1:80"));
        sleep(SECOND / 2).await;
        assert!(!second.done());
        listener.accept().await.unwrap();
        second.await.unwrap().unwrap();
        assert_eq!(Loop::current().time(), begin + SECOND);
    });
}

#[test]
fn a_queue_that_stays_full_is_a_connect_that_times_out() {
    run(|| async {
        let _listener = TcpListener::bind_with_backlog("127.0.0.1:80", 1).await.unwrap();
        let begin = Loop::current().time();
        let _first = TcpStream::connect("127.0.0.1:80").await.unwrap();
        assert_eq!(TcpStream::connect("127.0.0.1:80").await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(Loop::current().time(), begin + 127 * SECOND);
    });
}

#[test]
fn ports_are_used_again_when_all_were_used_but_never_those_of_a_connection_that_lives() {
    run(|| async {
        let (near, _far) = loop_virtual::pair(Link::new());
        let lives = near.local_addr().unwrap();
        let mut ports = std::collections::BTreeSet::new();
        for _ in 0..20_000 {
            let (near, _far) = loop_virtual::pair(Link::new());
            ports.insert(near.local_addr().unwrap().port());
        }
        assert!(!ports.contains(&lives.port()) && ports.len() < 20_000);
        assert_eq!(loop_virtual::cut(lives), 1);
    });
}

#[test]
fn an_accept_that_is_given_up_loses_no_connection() {
    run_far(|| async {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        assert!(timeout(5 * MS, listener.accept()).await.is_err());
        let connecting = spawn(TcpStream::connect("127.0.0.1:80"));
        assert!(timeout(5 * MS, listener.accept()).await.is_err());
        sleep(SECOND).await;
        let (server, _) = listener.accept().await.unwrap();
        let client = connecting.await.unwrap().unwrap();
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}

#[test]
fn a_connect_that_is_given_up_is_an_end_for_whoever_accepts_it() {
    run_far(|| async {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        assert!(timeout(15 * MS, TcpStream::connect("127.0.0.1:80")).await.is_err());
        let (mut server, _) = listener.accept().await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn a_listener_that_is_dropped_resets_those_who_wait_to_be_accepted() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        let mut client = TcpStream::connect("127.0.0.1:80").await.unwrap();
        drop(listener);
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(
            TcpStream::connect("127.0.0.1:80").await.unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn a_server_that_crashes_loses_all_of_its_connections_and_may_come_back() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        let mut servers = Vec::new();
        for _ in 0..5 {
            clients.push(TcpStream::connect(address).await.unwrap());
            servers.push(listener.accept().await.unwrap().0);
        }
        assert_eq!(loop_virtual::cut(address), 5);
        for client in clients.iter_mut().chain(&mut servers) {
            assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
        drop((clients, servers));
        assert_eq!(loop_virtual::cut(address), 0);
        TcpStream::connect(address).await.unwrap();
    });
}

#[test]
fn a_hundred_clients_are_served_side_by_side() {
    run_far(|| async {
        let begin = Loop::current().time();
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                spawn(async move {
                    let mut byte = [0];
                    while stream.read(&mut byte).await.unwrap() == 1 {
                        stream.write_all(&byte).await.unwrap();
                    }
                })
                .detach();
            }
        })
        .detach();
        let client = |number: u8| async move {
            let mut stream = TcpStream::connect("127.0.0.1:80").await.unwrap();
            for _ in 0..10 {
                stream.write_all(&[number]).await.unwrap();
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [number]);
            }
        };
        gather((0..100).map(client).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(Loop::current().time(), begin + 11 * 20 * MS);
        yield_now().await;
    });
}

#[test]
fn what_belongs_to_the_kernel_is_refused_with_the_cure() {
    run(|| async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let refused = TcpListener::from_std(listener).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.to_string().contains("network in memory"), "{refused}");
        let (reader, _writer) = std::io::pipe().unwrap();
        let refused = core_loop::Descriptor::new(reader).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.to_string().contains("`to_thread`"), "{refused}");
        assert_eq!(core_loop::ctrl_c().await.unwrap_err().kind(), ErrorKind::Unsupported);
    });
}
