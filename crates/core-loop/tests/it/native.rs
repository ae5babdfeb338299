//! The native driver and its reactor.

use crate::alone::{alone, descriptors};
use contract::{Direction, Driver, Io, Reactor, Readiness};
use core_loop::NativeDriver;
use futures_lite::future::{yield_now, zip};
use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

fn run<T>(driver: &NativeDriver, main: impl Future<Output = T>) -> T {
    let mut output = None;
    driver.run(pin!(async { output = Some(main.await) }));
    output.unwrap()
}

async fn sleep_until(reactor: &dyn Reactor, deadline: Instant) {
    poll_fn(|cx| reactor.poll_timer(cx, Some(deadline))).await;
}

/// A pipe, and the watch of its reading end.
fn watched_pipe(reactor: &dyn Reactor) -> (PipeReader, PipeWriter, Box<dyn Readiness>) {
    let (reader, writer) = pipe().unwrap();
    let watch = reactor.watch(non_blocking(reader.try_clone().unwrap())).unwrap();
    (reader, writer, watch)
}

fn non_blocking(descriptor: impl Into<OwnedFd>) -> Rc<OwnedFd> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let descriptor = Rc::new(descriptor.into());
    fcntl(&descriptor, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    descriptor
}

async fn read(watch: &dyn Readiness, mut reader: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| watch.poll_io(cx, Direction::Read, &mut || reader.read(buffer))).await
}

#[test]
fn it_says_what_it_is() {
    let profile = NativeDriver::new().unwrap().reactor().profile();
    assert_eq!((profile.name, profile.io), ("native", Io::Readiness));
    assert!(profile.timer_granularity < Duration::from_millis(2));
}

#[test]
fn a_root_that_wakes_itself_is_polled_again() {
    let driver = NativeDriver::new().unwrap();
    run(&driver, async {
        for _ in 0..1000 {
            yield_now().await;
        }
    });
}

#[test]
fn a_root_that_never_idles_still_sees_timers_and_descriptors() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let (reader, mut writer, watch) = watched_pipe(&*reactor);
    let done = Cell::new(false);
    let busy = async {
        while !done.get() {
            yield_now().await;
        }
    };
    let main = async {
        let buffer = &mut [0];
        let mut reading = pin!(read(&*watch, &reader, buffer));
        assert!(futures_lite::future::poll_once(&mut reading).await.is_none());
        sleep_until(&*reactor, Instant::now() + Duration::from_millis(3)).await;
        writer.write_all(b"x").unwrap();
        assert_eq!(reading.await.unwrap(), 1);
        done.set(true);
    };
    run(&driver, zip(busy, main));
}

#[test]
fn a_timer_is_never_early() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    run(&driver, async {
        for micros in [1, 30, 700, 1_500, 2_900] {
            let deadline = Instant::now() + Duration::from_micros(micros);
            sleep_until(&*reactor, deadline).await;
            assert!(Instant::now() >= deadline);
        }
    });
}

#[test]
fn a_deadline_that_has_passed_is_ready_at_once_and_arms_nothing() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let cx = &mut Context::from_waker(Waker::noop());
    assert_eq!(reactor.poll_timer(cx, Some(Instant::now())), Poll::Ready(()));
    assert_eq!(reactor.poll_timer(cx, None), Poll::Pending);
}

#[test]
fn only_the_deadline_that_was_set_last_counts() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    run(&driver, async {
        let (polls, armed) = (Cell::new(0), Cell::new(false));
        // Where the machine stands still, it is too late before it is armed.
        while !armed.get() {
            let (early, late) =
                (Instant::now() + Duration::from_millis(2), Instant::now() + Duration::from_millis(20));
            polls.set(0);
            poll_fn(|cx| {
                polls.set(polls.get() + 1);
                if polls.get() == 1 {
                    armed.set(reactor.poll_timer(cx, Some(early)).is_pending());
                    assert!(reactor.poll_timer(cx, None).is_pending());
                }
                reactor.poll_timer(cx, Some(late))
            })
            .await;
            assert!(Instant::now() >= late);
        }
        assert!(polls.get() <= 2, "polled {} times: a disarmed timer fired", polls.get());
    });
}

#[test]
fn the_farthest_deadline_there_is_can_be_armed() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let years = Duration::from_secs(60 * 60 * 24 * 365);
    let far =
        (1..).map(|n| years * (1 << n)).map_while(|years| Instant::now().checked_add(years)).take(25).last();
    run(&driver, async {
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            assert!(reactor.poll_timer(cx, far).is_pending());
            let waker = cx.waker().clone();
            match polls {
                1 => drop(std::thread::spawn(move || waker.wake())),
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        })
        .await;
    });
}

#[test]
fn wakes_from_other_threads_are_never_lost() {
    const ROUNDS: usize = 20_000;
    let driver = NativeDriver::new().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let answered = Arc::new(AtomicUsize::new(0));
    let (wakers, inbox) = std::sync::mpsc::channel::<Waker>();
    let thread = std::thread::spawn({
        let (asked, answered) = (asked.clone(), answered.clone());
        move || {
            let waker = inbox.recv().unwrap();
            for round in 1..=ROUNDS {
                while asked.load(Ordering::Relaxed) < round {
                    std::hint::spin_loop();
                    std::thread::yield_now();
                }
                answered.store(round, Ordering::Relaxed);
                waker.wake_by_ref();
            }
        }
    });
    run(&driver, async {
        poll_fn(|cx| {
            wakers.send(cx.waker().clone()).unwrap();
            Poll::Ready(())
        })
        .await;
        for round in 1..=ROUNDS {
            asked.store(round, Ordering::Relaxed);
            poll_fn(|_| match answered.load(Ordering::Relaxed) == round {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
        }
    });
    thread.join().unwrap();
}

#[test]
fn both_directions_of_one_descriptor_may_be_waited_for() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let (here, there) = UnixStream::pair().unwrap();
    let watch = reactor.watch(non_blocking(here.try_clone().unwrap())).unwrap();
    let filled = vec![7; 1 << 20];
    let writing = async {
        let mut left = &filled[..];
        while !left.is_empty() {
            let operation = &mut || (&here).write(left);
            let len = poll_fn(|cx| watch.poll_io(cx, Direction::Write, operation)).await.unwrap();
            left = &left[len..];
        }
        here.shutdown(std::net::Shutdown::Write).unwrap();
    };
    let reading = async {
        let buffer = &mut [0; 8];
        let len = read(&*watch, &here, buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"read all");
    };
    let thread = std::thread::spawn(move || {
        let mut got = Vec::new();
        (&there).read_to_end(&mut got).unwrap();
        (&there).write_all(b"read all").unwrap();
        got.len()
    });
    run(&driver, zip(writing, reading));
    assert_eq!(thread.join().unwrap(), filled.len());
}

#[test]
fn the_end_of_a_pipe_is_readable() {
    let driver = NativeDriver::new().unwrap();
    let (reader, writer, watch) = watched_pipe(&*driver.reactor());
    run(&driver, async {
        let buffer = &mut [0];
        let mut reading = pin!(read(&*watch, &reader, buffer));
        assert!(futures_lite::future::poll_once(&mut reading).await.is_none());
        drop(writer);
        assert_eq!(reading.await.unwrap(), 0);
    });
}

#[test]
fn a_plain_file_cannot_be_watched_and_the_error_says_so() {
    let driver = NativeDriver::new().unwrap();
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let error = driver.reactor().watch(Rc::new(file.into())).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn a_watch_may_end_while_a_duplicate_of_its_descriptor_lives_on() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let (mut reader, mut writer, watch) = watched_pipe(&*reactor);
    drop(watch);
    let (other, mut other_writer, other_watch) = watched_pipe(&*reactor);
    run(&driver, async {
        let buffer = &mut [0];
        let mut reading = pin!(read(&*other_watch, &other, buffer));
        assert!(futures_lite::future::poll_once(&mut reading).await.is_none());
        writer.write_all(b"a").unwrap();
        yield_now().await;
        assert!(futures_lite::future::poll_once(&mut reading).await.is_none());
        other_writer.write_all(b"b").unwrap();
        assert_eq!(reading.await.unwrap(), 1);
    });
    assert_eq!(reader.read(&mut [0]).unwrap(), 1);
}

thread_local! {
    static STASH: Cell<Option<Box<dyn Readiness>>> = const { Cell::new(None) };
}

/// A waker whose end ends a watch, as that of a task that owns one.
struct Owner;

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(STASH.take());
    }
}

#[test]
fn a_waker_whose_end_ends_another_watch_does_no_harm() {
    let driver = NativeDriver::new().unwrap();
    let reactor = driver.reactor();
    let poll_once = |watch: &dyn Readiness, reader: &PipeReader, waker: &Waker| {
        let operation = &mut || {
            let mut reader = reader;
            reader.read(&mut [0])
        };
        assert!(watch.poll_io(&mut Context::from_waker(waker), Direction::Read, operation).is_pending());
    };
    for replace in [true, false] {
        let (reader, _writer, watch) = watched_pipe(&*reactor);
        let (_other, _other_writer, other_watch) = watched_pipe(&*reactor);
        STASH.set(Some(other_watch));
        poll_once(&*watch, &reader, &Waker::from(Arc::new(Owner)));
        if replace {
            poll_once(&*watch, &reader, Waker::noop());
        }
        drop(watch);
        assert!(STASH.take().is_none(), "the waker was kept");
    }
}

#[test]
fn one_driver_serves_many_runs_and_leaves_no_descriptor() {
    alone("native::one_driver_serves_many_runs_and_leaves_no_descriptor", "", || {
        let before = descriptors();
        for _ in 0..3 {
            let driver = NativeDriver::new().unwrap();
            let mut outlives = None;
            for _ in 0..100 {
                let (reader, mut writer, watch) = watched_pipe(&*driver.reactor());
                run(&driver, async {
                    writer.write_all(b"x").unwrap();
                    assert_eq!(read(&*watch, &reader, &mut [0]).await.unwrap(), 1);
                    yield_now().await;
                });
                outlives = Some(watch);
            }
            drop(driver);
            drop(outlives);
        }
        assert_eq!(descriptors(), before);
    });
}

#[test]
fn no_descriptors_left_is_a_reason_with_a_cure() {
    alone("native::no_descriptors_left_is_a_reason_with_a_cure", "ulimit -n 24", || {
        let mut drivers = Vec::new();
        let unavailable = loop {
            match NativeDriver::new() {
                Ok(driver) => drivers.push(driver),
                Err(unavailable) => break unavailable,
            }
        };
        drop(drivers);
        let said = unavailable.to_string();
        assert!(said.contains("EMFILE") && said.contains("ulimit -n"), "{said}");
    });
}

#[test]
fn a_signal_handler_that_runs_during_the_sleep_does_not_end_the_run() {
    alone("native::a_signal_handler_that_runs_during_the_sleep_does_not_end_the_run", "", || {
        // Somebody who listens to the signal on another loop; without that it would end the process.
        let (listens, listening) = std::sync::mpsc::channel();
        let listener = std::thread::spawn(move || {
            core_loop::run(async {
                let mut interrupted = pin!(core_loop::ctrl_c());
                assert!(futures_lite::future::poll_once(&mut interrupted).await.is_none());
                listens.send(()).unwrap();
                interrupted.await.unwrap();
            })
        });
        listening.recv().unwrap();
        let driver = NativeDriver::new().unwrap();
        let reactor = driver.reactor();
        let this = pthread_self();
        let thread = std::thread::spawn(move || pthread_kill(this, Signal::SIGINT).unwrap());
        let deadline = Instant::now() + Duration::from_millis(30);
        run(&driver, sleep_until(&*reactor, deadline));
        assert!(Instant::now() >= deadline);
        thread.join().unwrap();
        listener.join().unwrap().unwrap();
    });
}
