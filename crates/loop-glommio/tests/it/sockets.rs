//! glommio's own sockets: what an operation that is given up must not lose.

use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use contract::driver::{Driver, Listener, Reactor, Stream};
use loop_glommio::GlommioDriver;

use crate::here;

/// Longer than anything here takes: only catches a hang.
const HANG: Duration = Duration::from_secs(20);

/// Runs `main` as the root; its timer bounds it.
fn run<T>(driver: &GlommioDriver, main: impl AsyncFnOnce(&Rc<dyn Reactor>) -> T) -> T {
    let (mut output, reactor, deadline) = (None, driver.reactor(), Instant::now() + HANG);
    let mut main = Box::pin(async { output = Some(main(&reactor).await) });
    driver.run(pin!(poll_fn(|cx| {
        assert!(reactor.poll_timer(cx, Some(deadline)).is_pending(), "nothing happened for {HANG:?}");
        main.as_mut().poll(cx)
    })));
    drop(main);
    output.unwrap()
}

fn listen(reactor: &Rc<dyn Reactor>) -> (Box<dyn Listener>, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let listener = reactor.sockets().unwrap().listener(listener).unwrap();
    assert_eq!(listener.local_addr().unwrap(), address);
    (listener, address)
}

async fn accept(listener: &dyn Listener) -> (Box<dyn Stream>, SocketAddr) {
    poll_fn(|cx| listener.poll_accept(cx)).await.unwrap()
}

async fn read(stream: &dyn Stream) -> Vec<u8> {
    let mut buffer = [0; 64];
    let length = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.unwrap();
    buffer[..length].to_vec()
}

async fn write(stream: &dyn Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| stream.poll_write(cx, bytes)).await.unwrap();
        bytes = &bytes[written..];
    }
}

/// Lets the host look at its I/O once.
async fn visit() {
    let mut visited = false;
    poll_fn(|cx: &mut Context<'_>| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut visited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn two_streams_of_one_loop_talk_to_each_other() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        let mut connecting = reactor.sockets().unwrap().connect(address);
        let mut connected = None;
        let (served, peer) = poll_fn(|cx| {
            if connected.is_none()
                && let Poll::Ready(stream) = connecting.as_mut().poll(cx)
            {
                connected = Some(stream.unwrap());
            }
            listener.poll_accept(cx).map(Result::unwrap)
        })
        .await;
        let connected = match connected {
            Some(connected) => connected,
            None => connecting.await.unwrap(),
        };
        assert_eq!(peer, connected.local_addr().unwrap());
        assert_eq!(served.peer_addr().unwrap(), peer);
        assert_eq!(connected.peer_addr().unwrap(), address);
        connected.set_nodelay(true).unwrap();
        write(&*connected, b"there").await;
        assert_eq!(read(&*served).await, b"there");
        write(&*served, b"and back").await;
        assert_eq!(read(&*connected).await, b"and back");
        poll_fn(|cx| served.poll_flush(cx)).await.unwrap();
        poll_fn(|cx| served.poll_shutdown(cx, Shutdown::Write)).await.unwrap();
        assert_eq!(read(&*connected).await, b"", "the end");
    });
}

#[test]
fn an_accept_that_is_given_up_loses_no_connection() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        for round in 0..50_u8 {
            // The kernel owns this accept; the one who waited for it goes away before the connection comes.
            poll_fn(|cx| {
                assert!(listener.poll_accept(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            visit().await;
            let client = thread::spawn(move || {
                let mut client = StdStream::connect(address).unwrap();
                client.write_all(&[round]).unwrap();
                client
            });
            let (served, peer) = accept(&*listener).await;
            assert_eq!(read(&*served).await, [round]);
            assert_eq!(peer, client.join().unwrap().local_addr().unwrap());
        }
    });
}

#[test]
fn a_read_that_is_given_up_loses_no_bytes() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        let mut client = StdStream::connect(address).unwrap();
        let (served, _) = accept(&*listener).await;
        for round in 0..50_u8 {
            let mut buffer = [0; 8];
            poll_fn(|cx| {
                assert!(served.poll_read(cx, &mut buffer).is_pending());
                Poll::Ready(())
            })
            .await;
            visit().await;
            client.write_all(&[round, round]).unwrap();
            visit().await;
            assert_eq!(read(&*served).await, [round, round]);
        }
    });
}

#[test]
fn a_reader_and_a_writer_share_a_stream() {
    const BYTES: usize = 4 << 20;
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        // An echo that takes all before it gives anything back would fill every buffer on the way.
        let echo = thread::spawn(move || {
            let mut stream = StdStream::connect(address).unwrap();
            let mut writer = stream.try_clone().unwrap();
            std::io::copy(&mut stream, &mut writer).unwrap();
        });
        let (stream, _) = accept(&*listener).await;
        let (mut sent, mut received) = (0, 0);
        let (block, mut buffer) = (vec![7; 64 << 10], vec![0; 64 << 10]);
        poll_fn(|cx| {
            while sent < BYTES
                && let Poll::Ready(written) = stream.poll_write(cx, &block[..block.len().min(BYTES - sent)])
            {
                sent += written.unwrap();
            }
            while let Poll::Ready(length) = stream.poll_read(cx, &mut buffer) {
                let length = length.unwrap();
                assert!(buffer[..length].iter().all(|byte| *byte == 7));
                received += length;
                if received == BYTES {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
        drop(stream);
        visit().await;
        echo.join().unwrap();
    });
}

#[test]
fn a_root_that_wakes_itself_for_ever_sees_what_is_read_and_accepted() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        for _ in 0..20 {
            poll_fn(|cx| {
                assert!(listener.poll_accept(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            let mut client = StdStream::connect(address).unwrap();
            let mut polls = 0;
            let (served, _) = poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                listener.poll_accept(cx).map(Result::unwrap)
            })
            .await;
            client.write_all(b"x").unwrap();
            let read = poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                served.poll_read(cx, &mut [0; 8])
            })
            .await;
            assert_eq!(read.unwrap(), 1);
            assert!(polls <= 8, "seen after {polls} polls");
        }
    });
}

#[test]
fn a_refused_connect_says_so() {
    let Some(driver) = here::driver() else { return };
    let address = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error =
        run(&driver, async |reactor| reactor.sockets().unwrap().connect(address).await.err().unwrap());
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
}

#[test]
fn a_connect_that_is_given_up_lets_the_loop_go_on() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        for _ in 0..20 {
            let mut connecting = reactor.sockets().unwrap().connect(address);
            poll_fn(|cx| {
                assert!(connecting.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            drop(connecting);
        }
        visit().await;
        let mut client = StdStream::connect(address).unwrap();
        client.write_all(b"last").unwrap();
        // The ones that were given up may have got through to the listener: they are at their end there.
        loop {
            let (served, peer) = accept(&*listener).await;
            if peer == client.local_addr().unwrap() {
                assert_eq!(read(&*served).await, b"last");
                return;
            }
        }
    });
}

#[test]
fn a_dropped_stream_is_closed_when_the_run_ends() {
    let Some(driver) = here::driver() else { return };
    let mut client = run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        let client = StdStream::connect(address).unwrap();
        let (served, _) = accept(&*listener).await;
        // A read under way holds the socket open in the kernel, until it is told.
        poll_fn(|cx| {
            assert!(served.poll_read(cx, &mut [0; 8]).is_pending());
            Poll::Ready(())
        })
        .await;
        visit().await;
        client
    });
    client.set_read_timeout(Some(HANG)).unwrap();
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0, "the end");
}

#[test]
fn a_dropped_listener_frees_its_port_and_closes_the_connection_that_came_too_late() {
    let Some(driver) = here::driver() else { return };
    for _ in 0..20 {
        let (mut client, address) = run(&driver, async |reactor| {
            let (listener, address) = listen(reactor);
            poll_fn(|cx| {
                assert!(listener.poll_accept(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            visit().await;
            // Accepted by the kernel for an accept that is given up right now.
            (StdStream::connect(address).unwrap(), address)
        });
        client.set_read_timeout(Some(HANG)).unwrap();
        let end = client.read(&mut [0; 8]);
        assert!(
            end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
                || client.read(&mut [0]).unwrap() == 0
        );
        drop(client);
        let refused = StdStream::connect(address).map(drop);
        assert!(refused.is_err(), "nobody listens there any more");
    }
}

#[test]
fn a_listener_that_outlives_its_run_still_gives_up_its_accept() {
    let Some(driver) = here::driver() else { return };
    let (listener, address) = run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        poll_fn(|cx| {
            assert!(listener.poll_accept(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        (listener, address)
    });
    drop(listener);
    drop(driver);
    assert!(StdStream::connect(address).is_err(), "nobody listens there any more");
}

#[test]
fn an_accepted_stream_is_not_inherited_by_other_programs() {
    let Some(driver) = here::driver() else { return };
    run(&driver, async |reactor| {
        let (listener, address) = listen(reactor);
        // Connected before the accept, so that it takes glommio's quick way, and after it.
        for quick in [true, false] {
            let connect = move || StdStream::connect(address).unwrap();
            let client = if quick { Ok(connect()) } else { Err(thread::spawn(connect)) };
            let (served, _) = accept(&*listener).await;
            let client = client.unwrap_or_else(|client| client.join().unwrap());
            // A child that lives on would hold the connection open after we have closed it.
            let mut child = std::process::Command::new("sleep").arg("20").spawn().unwrap();
            drop(served);
            visit().await;
            visit().await;
            let mut client = client;
            client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let end = client.read(&mut [0; 8]);
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(end.unwrap(), 0, "the end, and no time-out");
        }
    });
}
