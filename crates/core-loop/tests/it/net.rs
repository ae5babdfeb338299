//! TCP over the native driver.

use crate::alone::{alone, descriptors};
use contract::budget;
use core_loop::Descriptor;
use core_loop::net::{TcpListener, TcpStream};
use futures_lite::future::{poll_once, yield_now, zip};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use nix::sys::socket::{MsgFlags, send};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Runs `main`; a bound catches what would hang.
fn run<T>(main: impl Future<Output = T>) -> T {
    crate::run(async { core_loop::timeout(Duration::from_secs(60), main).await.expect("it hangs") })
}

async fn local() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of one connection.
async fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = local().await;
    let (client, server) = zip(TcpStream::connect(address), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

/// One end of ours; the other end is a plain socket.
async fn half() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (ours, listener.accept().unwrap().0)
}

#[test]
fn what_one_side_writes_the_other_reads() {
    run(async {
        let (mut client, mut server) = pair().await;
        client.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 16];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
        server.write_all(&buffer[..5]).await.unwrap();
        server.close().await.unwrap();
        let mut echoed = Vec::new();
        client.read_to_end(&mut echoed).await.unwrap();
        assert_eq!(echoed, b"hello");
    });
}

#[test]
fn both_sides_know_both_addresses() {
    run(async {
        let (client, server) = pair().await;
        assert_eq!(client.local_addr().unwrap(), server.peer_addr().unwrap());
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        client.set_nodelay(true).unwrap();
        assert!(format!("{client:?}").contains(&client.local_addr().unwrap().to_string()));
    });
}

#[test]
fn a_listener_of_version_six_says_who_connected() {
    run(async {
        // A machine without it has nothing to show.
        let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(peer, server.peer_addr().unwrap());
    });
}

#[test]
fn megabytes_flow_both_ways_at_once_over_split_halves() {
    const LEN: usize = 4 << 20;
    async fn exchange(stream: TcpStream, byte: u8) -> Vec<u8> {
        let (mut reader, mut writer) = stream.split();
        let mut got = Vec::new();
        let writing = async {
            writer.write_all(&vec![byte; LEN]).await.unwrap();
            writer.close().await.unwrap();
        };
        zip(writing, async { reader.read_to_end(&mut got).await.unwrap() }).await;
        got
    }
    run(async {
        let (client, server) = pair().await;
        let (got_b, got_a) = zip(exchange(client, b'a'), exchange(server, b'b')).await;
        assert!(got_a.len() == LEN && got_a.iter().all(|byte| *byte == b'a'));
        assert!(got_b.len() == LEN && got_b.iter().all(|byte| *byte == b'b'));
    });
}

#[test]
fn a_reference_reads_while_another_writes() {
    run(async {
        let (client, server) = pair().await;
        let (mut reader, mut writer) = (&client, &client);
        let buffer = &mut [0; 4];
        let reading = reader.read_exact(buffer);
        let answering = async {
            writer.write_all(b"ping").await.unwrap();
            let buffer = &mut [0; 4];
            (&server).read_exact(buffer).await.unwrap();
            (&server).write_all(b"pong").await.unwrap();
        };
        zip(reading, answering).await.0.unwrap();
        assert_eq!(buffer, b"pong");
    });
}

#[test]
fn many_connections_are_served_at_once() {
    run(async {
        let (listener, address) = local().await;
        let clients = std::thread::spawn(move || {
            let mut streams: Vec<_> =
                (0..64).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
            for (n, stream) in streams.iter_mut().enumerate().rev() {
                stream.write_all(&[n as u8]).unwrap();
            }
            streams
                .iter_mut()
                .map(|stream| {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    byte[0]
                })
                .collect::<Vec<_>>()
        });
        let mut servers = Vec::new();
        for _ in 0..64 {
            let (mut stream, _) = listener.accept().await.unwrap();
            servers.push(Box::pin(async move {
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                stream.write_all(&byte).await.unwrap();
            }));
        }
        std::future::poll_fn(|cx| {
            servers.retain_mut(|server| server.as_mut().poll(cx).is_pending());
            if servers.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!(clients.join().unwrap(), (0..64).collect::<Vec<u8>>());
    });
}

#[test]
fn an_accept_that_was_given_up_loses_no_connection() {
    run(async {
        let (listener, address) = local().await;
        let client = {
            let mut given_up = pin!(listener.accept());
            assert!(poll_once(&mut given_up).await.is_none());
            let client = TcpStream::connect(address).await.unwrap();
            // Now it is woken for the connection, and never polled again.
            yield_now().await;
            client
        };
        let (server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(server.peer_addr().unwrap(), peer);
    });
}

#[test]
fn a_read_that_was_given_up_loses_no_byte() {
    run(async {
        let (mut ours, mut theirs) = half().await;
        assert!(poll_once(ours.read(&mut [0; 8])).await.is_none());
        theirs.write_all(b"kept").unwrap();
        let buffer = &mut [0; 4];
        ours.read_exact(buffer).await.unwrap();
        assert_eq!(buffer, b"kept");
    });
}

#[test]
fn reading_nothing_is_ready_at_once() {
    run(async {
        let (mut ours, _theirs) = half().await;
        assert_eq!(poll_once(ours.read(&mut [])).await.unwrap().unwrap(), 0);
        assert_eq!(poll_once(ours.write(&[])).await.unwrap().unwrap(), 0);
    });
}

#[test]
fn an_end_that_comes_with_the_last_bytes_is_seen() {
    run(async {
        for looks_before in [true, false] {
            let (mut ours, mut theirs) = half().await;
            assert!(poll_once(ours.read(&mut [0; 64])).await.is_none());
            theirs.write_all(b"bye").unwrap();
            drop(theirs);
            if looks_before {
                // One event tells of both; there is no second.
                yield_now().await;
            }
            let mut got = Vec::new();
            ours.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"bye");
        }
    });
}

#[test]
fn bytes_behind_urgent_ones_are_read() {
    run(async {
        for looks_before in [true, false] {
            let (mut ours, mut theirs) = half().await;
            assert!(poll_once(ours.read(&mut [0; 64])).await.is_none());
            theirs.write_all(b"ab").unwrap();
            send(theirs.as_raw_fd(), b"!", MsgFlags::MSG_OOB).unwrap();
            theirs.write_all(b"cd").unwrap();
            if looks_before {
                yield_now().await;
            }
            // A read stops in front of the urgent byte, although there is more.
            let (mut got, buffer) = (Vec::new(), &mut [0; 64]);
            while got.len() < 4 {
                let len = ours.read(buffer).await.unwrap();
                got.extend_from_slice(&buffer[..len]);
            }
            assert_eq!(got, b"abcd");
        }
    });
}

#[test]
fn closing_after_the_other_side_went_away_is_no_error() {
    run(async {
        let (mut ours, theirs) = half().await;
        ours.write_all(b"unread").await.unwrap();
        // Bytes that were not read make this a reset.
        drop(theirs);
        assert_eq!(ours.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        ours.close().await.unwrap();
        let error = ours.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_host_name_is_resolved() {
    run(async {
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (client, server) = zip(TcpStream::connect(format!("localhost:{port}")), listener.accept()).await;
        assert_eq!(client.unwrap().local_addr().unwrap(), server.unwrap().1);
    });
}

#[test]
fn what_is_no_address_is_told_what_one_looks_like() {
    run(async {
        for wrong in ["", "nonsense", "127.0.0.1", ":80", "host:", "host:70000", "host:http"] {
            let error = TcpStream::connect(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let said = error.to_string();
            assert!(said.contains(&format!("{wrong:?}")) && said.contains("host:port"), "{said}");
        }
        let said = TcpStream::connect("no-such-host.invalid:80").await.unwrap_err().to_string();
        assert!(said.contains("no-such-host.invalid:80"), "{said}");
    });
}

#[test]
fn a_port_in_use_is_an_error_that_names_the_address() {
    run(async {
        let (_listener, address) = local().await;
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}

#[test]
fn a_port_can_be_bound_again_right_after_its_connections_closed() {
    run(async {
        let (listener, address) = local().await;
        let client = TcpStream::connect(address).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        // This side closes first, so the kernel remembers the connection for a minute.
        server.close().await.unwrap();
        drop((listener, server, client));
        TcpListener::bind(address).await.unwrap();
    });
}

#[test]
fn a_refused_connection_is_an_error_that_names_the_address() {
    run(async {
        let (listener, address) = local().await;
        drop(listener);
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}

#[test]
fn a_connect_that_was_given_up_leaves_no_descriptor() {
    alone("net::a_connect_that_was_given_up_leaves_no_descriptor", "", || {
        run(async {
            // The backlog is full, so that a connect stays on its way.
            let listener = TcpListener::bind_with_backlog("127.0.0.1:0", 0).await.unwrap();
            let address = listener.local_addr().unwrap();
            let _first = TcpStream::connect(address).await.unwrap();
            let before = descriptors();
            assert!(poll_once(TcpStream::connect(address)).await.is_none());
            assert_eq!(descriptors(), before);
        });
    });
}

#[test]
fn an_accept_without_descriptors_fails_at_once_and_keeps_the_connection() {
    alone(
        "net::an_accept_without_descriptors_fails_at_once_and_keeps_the_connection",
        "ulimit -n 32",
        || {
            run(async {
                let (listener, address) = local().await;
                let client = TcpStream::connect(address).await.unwrap();
                let mut files = Vec::new();
                while let Ok(file) = std::fs::File::open("/dev/null") {
                    files.push(file);
                }
                for _ in 0..3 {
                    let error = listener.accept().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(nix::libc::EMFILE));
                }
                drop(files);
                assert_eq!(listener.accept().await.unwrap().1, client.local_addr().unwrap());
            });
        },
    );
}

#[test]
fn a_stream_that_always_has_bytes_lets_others_run() {
    run(async {
        let (mut ours, mut theirs) = half().await;
        theirs.write_all(&[0; 1000]).unwrap();
        ours.read_exact(&mut [0; 100]).await.unwrap();
        budget::enter_step();
        let mut read = 0;
        while poll_once(ours.read(&mut [0])).await.is_some() {
            read += 1;
        }
        assert_eq!(read, budget::STEP);
    });
}

#[test]
fn a_descriptor_is_readable_until_it_is_read() {
    run(async {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let descriptor = Descriptor::new(reader.try_clone().unwrap()).unwrap();
        assert!(poll_once(descriptor.readable()).await.is_none());
        writer.write_all(b"x").unwrap();
        descriptor.readable().await.unwrap();
        descriptor.readable().await.unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
        assert!(poll_once(descriptor.readable()).await.is_none());
        drop(writer);
        descriptor.readable().await.unwrap();
    });
}

#[test]
fn a_full_pipe_is_writable_when_it_was_read() {
    run(async {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let descriptor = Descriptor::new(writer.try_clone().unwrap()).unwrap();
        descriptor.writable().await.unwrap();
        let mut written = 0;
        while let Some(len) = poll_once(descriptor.write_with(|_| writer.write(&[0; 4096]))).await {
            written += len.unwrap();
        }
        assert!(poll_once(descriptor.writable()).await.is_none());
        let mut drained = vec![0; written];
        reader.read_exact(&mut drained).unwrap();
        descriptor.writable().await.unwrap();
    });
}

#[test]
fn two_sockets_share_a_port_only_if_both_ask_for_it() {
    run(async {
        let first = TcpListener::bind_reuse_port("127.0.0.1:0").await.unwrap();
        let address = first.local_addr().unwrap();
        let second = TcpListener::bind_reuse_port(address).await.unwrap();
        assert_eq!(second.local_addr().unwrap(), address);
        let error = TcpListener::bind(address).await.unwrap_err();
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}
