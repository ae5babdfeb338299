//! Waiting until the loop has nothing left to do.

use crate::run;
use crate::trace::Trace;
use core_loop::contract::Panic;
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, sleep, spawn, wait_until_idle, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::future::pending;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn it_ends_when_every_other_task_waits_however_many_turns_that_takes() {
    run(async {
        let trace = Trace::default();
        for (name, turns) in [("a", 1), ("b", 100)] {
            let trace = trace.clone();
            spawn(async move {
                for _ in 0..turns {
                    yield_now().await;
                }
                trace.add(name);
                pending::<()>().await;
            })
            .detach();
        }
        wait_until_idle().await;
        assert_eq!(trace.take(), "a b");
        wait_until_idle().await;
    });
}

#[test]
fn tasks_that_wait_for_a_timer_or_for_bytes_count_as_waiting() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let accepting = spawn(async move { listener.accept().await.map(drop) });
        let sleeping = spawn(sleep(LONG));
        wait_until_idle().await;
        assert!(!accepting.done() && !sleeping.done());
    });
}

#[test]
fn bytes_that_have_arrived_are_read_first() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let mut client = TcpStream::connect(address).await.expect("somebody listens");
        let (mut server, _) = listener.accept().await.expect("somebody connected");
        let reading = spawn(async move {
            let mut read = [0; 5];
            server.read_exact(&mut read).await.map(|()| read)
        });
        wait_until_idle().await;
        assert!(!reading.done(), "nothing was sent");
        client.write_all(b"bytes").await.expect("somebody reads");
        wait_until_idle().await;
        assert!(reading.done());
        assert_eq!(&reading.await.expect("it ended").expect("it read"), b"bytes");
    });
}

#[test]
fn a_callback_that_calls_itself_again_is_something_to_do() {
    run(async {
        let trace = Trace::default();
        fn again(left: u32, trace: Trace) {
            if left == 0 {
                return trace.add("over");
            }
            Loop::current().call_soon(move || again(left - 1, trace));
        }
        again(50, trace.clone());
        wait_until_idle().await;
        assert_eq!(trace.take(), "over");
    });
}

#[test]
fn several_may_wait_and_the_shorter_cushion_comes_first() {
    run(async {
        let trace = Trace::default();
        let wait = |name: &'static str, cushion: u64| {
            let trace = trace.clone();
            spawn(async move {
                wait_until_idle().cushion(Duration::from_millis(cushion)).await;
                trace.add(name);
            })
        };
        let last = wait("long", 4);
        wait("short a", 0).detach();
        wait("middle", 2).detach();
        wait("short b", 0).detach();
        last.await.expect("it ends");
        assert_eq!(trace.take(), "short a short b middle long");
    });
}

#[test]
fn whatever_runs_begins_the_cushion_anew() {
    run(async {
        let cushion = Duration::from_millis(20);
        let ticking = spawn(async {
            for _ in 0..10 {
                sleep(Duration::from_millis(2)).await;
            }
            Instant::now()
        });
        wait_until_idle().cushion(cushion).await;
        let rested = Instant::now();
        let last_tick = ticking.await.expect("its ticks are closer than the cushion");
        assert!(rested >= last_tick + cushion);
    });
}

#[test]
fn a_wait_that_was_given_up_holds_nobody_up_and_wakes_nobody() {
    run(async {
        let given_up = spawn(wait_until_idle().cushion(LONG));
        yield_now().await;
        assert!(given_up.cancel("enough"));
        wait_until_idle().await;
        assert!(given_up.done());
        let endless = spawn(wait_until_idle().cushion(Duration::MAX));
        wait_until_idle().await;
        assert!(!endless.done());
    });
}

#[test]
fn a_wait_that_outlives_its_loop_is_over() {
    let mut outlived = None;
    run(async {
        let waiting = outlived.insert(Box::pin(wait_until_idle()));
        assert!(futures_lite::future::poll_once(waiting).await.is_none());
    });
    run(outlived.expect("it was begun"));
}

#[test]
fn outside_a_loop_it_names_the_cure() {
    let panic = Panic::catch(|| drop(wait_until_idle())).expect_err("there is no loop");
    assert!(panic.message().contains("core_loop::run"), "{panic}");
    assert!(panic.location().is_some_and(|place| place.contains("idle.rs")), "{panic}");
}
