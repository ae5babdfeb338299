//! Pairs of streams: when bytes arrive, how many, and what becomes of a connection that is lost.

use crate::{bounded, run};
use contract::driver::Driver;
use core_loop::net::TcpStream;
use core_loop::{Elapsed, Loop, gather, spawn, timeout};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Builder, Link, pair};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::pin::pin;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A link on which everything takes this long.
fn slow(latency: Duration) -> Link {
    Link::new().latency(latency..=latency)
}

fn time() -> Instant {
    Loop::current().time()
}

async fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn what_one_side_writes_the_other_reads_after_the_latency() {
    run(|| async {
        let (mut near, mut far) = pair(slow(30 * MS));
        let begin = time();
        near.write_all(b"ping").await.unwrap();
        assert_eq!(time(), begin, "a write only sends");
        let mut buffer = [0; 8];
        assert_eq!(far.read(&mut buffer).await.unwrap(), 4);
        assert_eq!(time(), begin + 30 * MS);
        far.write_all(&buffer[..4]).await.unwrap();
        far.close().await.unwrap();
        assert_eq!(read_all(&mut near).await, b"ping");
        assert_eq!(time(), begin + 60 * MS);
    });
}

#[test]
fn bytes_of_one_direction_never_overtake_whatever_their_latency() {
    bounded(|| {
        loop_virtual::for_each_seed(0..200, || async {
            let (mut near, mut far) = pair(Link::new().latency(MS..=100 * MS).partial());
            let sent: Vec<u8> = (0..=255).collect();
            let writing = {
                let sent = sent.clone();
                async move {
                    for chunk in sent.chunks(10) {
                        near.write_all(chunk).await.unwrap();
                        core_loop::sleep(MS).await;
                    }
                }
            };
            let reading = async move { read_all(&mut far).await };
            assert_eq!(gather((writing, reading)).await.unwrap().1, sent);
        });
    });
}

#[test]
fn a_later_write_does_not_hasten_an_earlier_one() {
    /// How long the first byte of so many writes takes.
    async fn first_of(writes: usize) -> Duration {
        let begin = time();
        let (mut near, mut far) = pair(Link::new().latency(MS..=9 * MS));
        for _ in 0..writes {
            near.write_all(b"x").await.unwrap();
        }
        far.read_exact(&mut [0]).await.unwrap();
        time() - begin
    }
    bounded(|| {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let first_of = |writes| Builder::new().seed(seed).run(first_of(writes)).unwrap();
            let alone = first_of(1);
            assert_eq!(first_of(4), alone, "seed {seed}");
            seen.insert(alone);
        }
        assert_eq!(seen.len(), 9, "all the eighths: {seen:?}");
    });
}

#[test]
fn a_partial_link_moves_some_bytes_at_a_time_and_loses_none() {
    bounded(|| {
        Builder::new().for_each_seed(0..20, || async {
            let (mut near, mut far) = pair(Link::new().partial());
            let mut writes = 0;
            let mut left: &[u8] = &[7; 1000];
            while !left.is_empty() {
                let sent = near.write(left).await.unwrap();
                assert!((1..=left.len()).contains(&sent));
                left = &left[sent..];
                writes += 1;
            }
            assert!(writes > 1);
            near.close().await.unwrap();
            assert_eq!(read_all(&mut far).await, [7; 1000]);
        });
    });
}

#[test]
fn a_full_link_makes_the_writer_wait_until_it_hears_that_somebody_read() {
    run(|| async {
        let (mut near, mut far) = pair(slow(10 * MS).capacity(4));
        let begin = time();
        let writing = spawn(async move {
            near.write_all(b"12345678").await.unwrap();
            (near, time())
        });
        let mut buffer = [0; 4];
        far.read_exact(&mut buffer).await.unwrap();
        assert_eq!((&buffer, time()), (b"1234", begin + 10 * MS));
        let (_near, written) = writing.await.unwrap();
        assert_eq!(written, begin + 20 * MS);
        far.read_exact(&mut buffer).await.unwrap();
        assert_eq!((&buffer, time()), (b"5678", begin + 30 * MS));
    });
}

#[test]
fn a_megabyte_flows_both_ways_over_a_narrow_link() {
    const LEN: usize = 1 << 20;
    async fn exchange(stream: TcpStream, byte: u8) -> usize {
        let (mut reader, mut writer) = stream.split();
        let writing = async move {
            writer.write_all(&vec![byte; LEN]).await.unwrap();
            writer.close().await.unwrap();
        };
        let reading = async move {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).await.unwrap();
            bytes.into_iter().filter(|got| *got == !byte).count()
        };
        gather((writing, reading)).await.unwrap().1
    }
    run(|| async {
        let (near, far) = pair(Link::new().latency(MS..=5 * MS).capacity(10_000).partial());
        let got = gather((exchange(near, 0), exchange(far, 255))).await.unwrap();
        assert_eq!(got, (LEN, LEN));
    });
}

#[test]
fn a_dropped_end_is_an_end_for_the_reader_and_a_broken_pipe_for_the_writer() {
    run(|| async {
        let (mut near, mut far) = pair(slow(MS));
        far.write_all(b"last words").await.unwrap();
        drop(far);
        near.write_all(b"nobody knows yet").await.unwrap();
        assert_eq!(read_all(&mut near).await, b"last words");
        assert_eq!(near.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_side_that_closed_can_still_read_and_no_longer_write() {
    run(|| async {
        let (mut near, mut far) = pair(Link::new());
        near.close().await.unwrap();
        assert_eq!(near.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(read_all(&mut far).await, b"");
        far.write_all(b"still there").await.unwrap();
        drop(far);
        assert_eq!(read_all(&mut near).await, b"still there");
    });
}

/// Streams of the loop have no way to stop reading; those of the contract have.
#[test]
fn what_nobody_wants_to_read_does_not_stop_the_writer() {
    bounded(|| {
        let driver = Builder::new().link(slow(MS).capacity(4)).build();
        let reactor = driver.reactor();
        let sockets = reactor.sockets().unwrap();
        let address = ([10, 0, 0, 1], 80).into();
        let listener = sockets.listen(address, 1).unwrap().unwrap();
        driver.run(pin!(async {
            let near = sockets.connect(address).await.unwrap();
            let (far, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            let write = async || poll_fn(|cx| near.poll_write(cx, b"xxxx")).await.unwrap();
            assert_eq!(write().await, 4);
            poll_fn(|cx| far.poll_shutdown(cx, Shutdown::Read)).await.unwrap();
            for _ in 0..10 {
                assert_eq!(write().await, 4);
            }
            assert_eq!(poll_fn(|cx| far.poll_read(cx, &mut [0])).await.unwrap(), 0);
        }));
        assert_eq!(driver.gave_up(), None);
    });
}

#[test]
fn a_connection_that_is_cut_keeps_what_has_arrived_and_fails_then() {
    run(|| async {
        let (mut near, mut far) = pair(slow(10 * MS));
        near.write_all(b"arrives").await.unwrap();
        core_loop::sleep(15 * MS).await;
        near.write_all(b"is lost").await.unwrap();
        let waiting = spawn(async move {
            let kind = near.read(&mut [0]).await.unwrap_err().kind();
            (near, kind)
        });
        core_loop::yield_now().await;
        assert_eq!(loop_virtual::cut(far.local_addr().unwrap()), 1);
        let (mut near, kind) = waiting.await.unwrap();
        assert_eq!(kind, ErrorKind::ConnectionReset);
        assert_eq!(near.write(b"x").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        let mut buffer = [0; 7];
        far.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"arrives");
        assert_eq!(far.read(&mut buffer).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_writer_that_waits_for_room_hears_that_the_connection_is_cut() {
    run(|| async {
        let (mut near, far) = pair(Link::new().capacity(1));
        let writing = spawn(async move { near.write_all(b"too much").await.unwrap_err().kind() });
        core_loop::yield_now().await;
        loop_virtual::cut(far.peer_addr().unwrap());
        assert_eq!(writing.await.unwrap(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn only_a_timeout_finds_out_that_a_connection_has_gone_silent() {
    run(|| async {
        let (mut near, mut far) = pair(slow(MS));
        assert_eq!(loop_virtual::silence(near.local_addr().unwrap()), 1);
        near.write_all(b"into the void").await.unwrap();
        let begin = time();
        let read = timeout(HOUR, far.read(&mut [0])).await;
        assert!(matches!(read, Err(Elapsed)), "{read:?}");
        assert_eq!(time(), begin + HOUR);
        drop(near);
        assert!(matches!(timeout(HOUR, far.read(&mut [0])).await, Err(Elapsed)), "not even the end arrives");
    });
}

#[test]
fn a_link_that_loses_after_some_bytes_lets_just_those_through() {
    run(|| async {
        let (mut near, mut far) = pair(Link::new().lose_after(6));
        assert_eq!(near.write(b"four").await.unwrap(), 4);
        assert_eq!(far.write(b"more than two").await.unwrap(), 2);
        let mut buffer = [0; 4];
        far.read_exact(&mut buffer).await.unwrap();
        assert_eq!(near.write(b"x").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(far.read(&mut buffer).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_link_that_loses_now_and_then_loses_under_some_seeds_only() {
    bounded(|| {
        let lost = std::rc::Rc::new(std::cell::Cell::new(0));
        loop_virtual::for_each_seed(0..100, || {
            let lost = lost.clone();
            async move {
                let (mut near, _far) = pair(Link::new().lose_one_in(10));
                for _ in 0..10 {
                    if let Err(error) = near.write(b"x").await {
                        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                        lost.set(lost.get() + 1);
                        return;
                    }
                }
            }
        });
        // 1 - 0.9¹⁰ of them, which is 65 of 100.
        assert!((45..85).contains(&lost.get()), "{}", lost.get());
    });
}

#[test]
fn a_read_that_is_given_up_loses_nothing() {
    run(|| async {
        let (mut near, mut far) = pair(slow(10 * MS));
        near.write_all(b"whole").await.unwrap();
        assert!(timeout(5 * MS, far.read(&mut [0; 5])).await.is_err());
        let mut buffer = [0; 5];
        far.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"whole");
    });
}
