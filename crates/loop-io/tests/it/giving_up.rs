//! Futures that are dropped after any number of polls: what they were about goes on without them.

use crate::{echo, filled, half, run};
use core_loop::yield_now;
use loop_io::{StreamReader, StreamWriter, WriteLimits, open_connection};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// More polls than any of these futures needs.
const POLLS: usize = 12;

/// Polls `future` so often, a turn apart, and drops it. Whether it was ready.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..times {
        let poll = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = poll {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

/// The next `len` bytes, by a read that is given up after so many polls, again and again.
async fn read_by_trying(reader: &mut StreamReader, times: usize, len: usize) -> Vec<u8> {
    loop {
        if let Some(read) = polled(times, reader.read_exact(len)).await {
            return read.unwrap();
        }
        yield_now().await;
    }
}

/// Waits by a drain that is given up after so many polls, again and again.
async fn drain_by_trying(writer: &StreamWriter, times: usize) {
    while polled(times, writer.drain()).await.is_none() {
        yield_now().await;
    }
}

#[test]
fn reads_and_drains_that_are_given_up_after_any_number_of_polls_lose_nothing() {
    run(async {
        let server = echo().await;
        for times in 1..POLLS {
            let (mut reader, writer) = open_connection(server.addresses()[0]).await.unwrap();
            writer.set_write_buffer_limits(WriteLimits::new(0, 1000).unwrap());
            let sent: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
            let (mut left, mut got) = (&sent[..], Vec::new());
            while got.len() < sent.len() {
                let (piece, rest) = left.split_at(left.len().min(20_000));
                writer.write(piece).unwrap();
                left = rest;
                drain_by_trying(&writer, times).await;
                got.extend(read_by_trying(&mut reader, times, piece.len()).await);
            }
            assert!(got == sent, "given up after {times} polls");
        }
    });
}

#[test]
fn a_close_goes_on_when_nobody_waits_for_it() {
    run(async {
        for times in (0..POLLS).step_by(4) {
            let (_reader, writer, mut theirs) = half().await;
            let much = filled(&writer);
            writer.close();
            let read = core_loop::to_thread(move || std::io::copy(&mut theirs, &mut std::io::sink()));
            polled(times, writer.wait_closed()).await;
            polled(times, writer.flush()).await;
            assert_eq!(read.await.unwrap().unwrap(), much as u64, "given up after {times} polls");
            writer.wait_closed().await.unwrap();
        }
    });
}

#[test]
fn connects_that_are_given_up_leave_no_descriptor() {
    let name = "giving_up::connects_that_are_given_up_leave_no_descriptor";
    if !conformance::alone(name, "ulimit -n 64") {
        return;
    }
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    run(async {
        let server = echo().await;
        let address = server.addresses()[0];
        // Whatever is opened once and kept is open after this.
        drop(open_connection(address).await.unwrap());
        let settled = async || {
            while server.clients() > 0 {
                yield_now().await;
            }
        };
        settled().await;
        let before = open();
        for times in 0..POLLS {
            drop(polled(times, open_connection(address)).await);
            let local = loop_io::Connect::new().local_address(([127, 0, 0, 1], 0));
            drop(polled(times, local.open(address)).await);
        }
        drop(open_connection(address).await.unwrap());
        settled().await;
        // Both ends of what was given up are closed, here at once and there when the server has looked.
        while open() > before {
            yield_now().await;
        }
    });
}
