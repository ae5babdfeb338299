//! The loop inside a tokio runtime that runs already.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use core_loop::{Loop, RunError};
use futures_io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};

use crate::host;

/// Longer than anything here takes: only catches a hang.
const HANG: Duration = Duration::from_secs(20);

fn both_flavours() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.worker_threads(2).enable_all().build().unwrap())
}

/// Runs `main` as a guest of both flavours.
fn enter_both<F: Future<Output = ()> + 'static>(main: impl Fn() -> F) {
    for host in both_flavours() {
        host.block_on(async { tokio::time::timeout(HANG, loop_tokio::enter(main())).await })
            .unwrap()
            .unwrap();
    }
}

#[test]
fn tokios_own_things_work_in_a_guest() {
    enter_both(host::everything_of_tokio_works);
}

#[test]
fn tokios_budget_does_not_stall_a_turn_of_a_guest() {
    enter_both(host::tokio_never_stalls_a_turn);
}

#[test]
fn a_guest_has_timers_sockets_threads_and_wakes_of_its_own() {
    enter_both(|| async {
        let since = Instant::now();
        core_loop::sleep(Duration::from_millis(5)).await;
        assert!(since.elapsed() >= Duration::from_millis(5));
        assert!(core_loop::timeout(Duration::from_millis(1), std::future::pending::<()>()).await.is_err());

        let listener = core_loop::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = core_loop::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..500 {
                let mut byte = [0];
                let length =
                    poll_fn(|cx| std::pin::Pin::new(&mut stream).poll_read(cx, &mut byte)).await.unwrap();
                assert_eq!(length, 1);
                poll_fn(|cx| std::pin::Pin::new(&mut stream).poll_write(cx, &byte)).await.unwrap();
            }
        });
        let mut client = core_loop::net::TcpStream::connect(address).await.unwrap();
        for round in 0..500_usize {
            let sent = [round as u8];
            poll_fn(|cx| std::pin::Pin::new(&mut client).poll_write(cx, &sent)).await.unwrap();
            let mut byte = [0];
            poll_fn(|cx| std::pin::Pin::new(&mut client).poll_read(cx, &mut byte)).await.unwrap();
            assert_eq!(byte, sent);
        }
        server.await.unwrap();

        assert_eq!(core_loop::to_thread(|| 6 * 7).await.unwrap(), 42);
        let handle = Loop::current().handle();
        for _ in 0..200 {
            let (called, seen) = (Arc::new(AtomicBool::new(false)), Rc::new(Cell::new(0)));
            let told = called.clone();
            let handle = handle.clone();
            let other = std::thread::spawn(move || {
                handle.call_soon_threadsafe(move || told.store(true, Ordering::Relaxed))
            });
            while !called.load(Ordering::Relaxed) {
                seen.set(seen.get() + 1);
                core_loop::sleep(Duration::from_micros(100)).await;
            }
            assert!(other.join().unwrap().is_ok());
        }
    });
}

#[test]
fn a_busy_guest_lets_the_hosts_tasks_run() {
    enter_both(|| async {
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        tokio::spawn(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            done.send(()).unwrap();
        });
        while is_done.try_recv().is_err() {
            core_loop::yield_now().await;
        }
    });
}

#[test]
fn the_hosts_tasks_see_no_loop_and_two_guests_share_a_thread() {
    let host = Builder::new_current_thread().enable_all().build().unwrap();
    let slow = |number: u32| async move {
        for _ in 0..5 {
            core_loop::sleep(Duration::from_millis(1)).await;
        }
        number
    };
    host.block_on(async {
        let spy = tokio::spawn(async {
            for _ in 0..10 {
                assert!(Loop::try_current().is_none());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let (one, two) = tokio::join!(loop_tokio::enter(slow(1)), loop_tokio::enter(slow(2)));
        assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
        spy.await.unwrap();
    });
}

#[test]
fn a_guest_that_is_dropped_drops_its_tasks() {
    struct Told(Rc<Cell<bool>>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let host = Builder::new_current_thread().enable_all().build().unwrap();
    let dropped = Rc::new(Cell::new(false));
    host.block_on(async {
        let told = Told(dropped.clone());
        let guest = loop_tokio::enter(async {
            core_loop::spawn(async move {
                let _told = told;
                std::future::pending::<()>().await;
            })
            .await
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), guest).await.is_err());
    });
    assert!(dropped.get());
}

#[test]
fn outside_a_runtime_the_error_names_the_cure() {
    let mut guest = std::pin::pin!(loop_tokio::enter(async {}));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Err(refusal @ RunError::Unavailable(_))) = guest.as_mut().poll(&mut cx) else {
        panic!("it is refused at once")
    };
    assert!(refusal.to_string().contains("#[tokio::main]"), "{refusal}");
}

#[test]
fn inside_a_runtime_run_is_refused_and_the_error_names_the_cure() {
    for host in both_flavours() {
        let refusal = host.block_on(async { loop_tokio::run(async {}) }).unwrap_err();
        assert!(refusal.to_string().contains("loop_tokio::enter"), "{refusal}");
    }
}
