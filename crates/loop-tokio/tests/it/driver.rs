//! What the contract promises of every driver, tried with root futures by hand: no scheduler is in the way.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use contract::driver::{Direction, Driver, Readiness};

/// Longer than anything here takes: only catches a hang.
const HANG: Duration = Duration::from_secs(20);

/// One check at a time: runtimes that share a reactor among threads (smol) are then alone with it.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a root made of `poll`, and panics if it takes longer than `HANG` of polls. A root that is not polled at all hangs
/// the test; its name then says which.
fn run<T>(driver: &dyn Driver, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let (mut output, since) = (None, Instant::now());
    driver.run(pin!(poll_fn(|cx| {
        assert!(since.elapsed() < HANG, "polled for {HANG:?} without an end");
        poll(cx).map(|value| output = Some(value))
    })));
    output.expect("the driver gave up on its root")
}

/// A watched end of a socket pair, and the other end.
fn watched(driver: &dyn Driver) -> (Rc<OwnedFd>, Box<dyn Readiness>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let ours = Rc::new(OwnedFd::from(ours));
    let readiness = driver.reactor().watch(ours.clone()).unwrap();
    (ours, readiness, theirs)
}

fn read_one(descriptor: &Rc<OwnedFd>) -> io::Result<usize> {
    UnixStream::from(descriptor.try_clone()?).read(&mut [0])
}

pub(crate) fn a_root_that_is_ready_at_once_ends_the_run(driver: &dyn Driver) {
    let _alone = alone();
    for run_number in 0..3 {
        assert_eq!(run(driver, |_| Poll::Ready(run_number)), run_number);
    }
}

pub(crate) fn a_wake_from_another_thread_is_never_lost(driver: &dyn Driver) {
    const ROUNDS: u32 = 2_000;
    let _alone = alone();
    let (wakers, woken) = mpsc::channel::<Waker>();
    let rounds = Arc::new(AtomicU32::new(0));
    let told = rounds.clone();
    let other = thread::spawn(move || {
        for waker in woken {
            told.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        }
    });
    let mut asked = 0;
    run(driver, |cx| {
        // Relaxed: the wake carries it.
        if rounds.load(Ordering::Relaxed) == asked {
            if asked == ROUNDS {
                return Poll::Ready(());
            }
            asked += 1;
            wakers.send(cx.waker().clone()).unwrap();
        }
        Poll::Pending
    });
    drop(wakers);
    other.join().unwrap();
}

pub(crate) fn wakes_from_many_threads_while_the_root_is_polled_are_never_lost(driver: &dyn Driver) {
    const THREADS: u32 = 4;
    const WAKES: u32 = 5_000;
    let _alone = alone();
    let count = Arc::new(AtomicU32::new(0));
    let mut others = Vec::new();
    run(driver, |cx| {
        while others.len() < THREADS as usize {
            let (waker, count) = (cx.waker().clone(), count.clone());
            others.push(thread::spawn(move || {
                for _ in 0..WAKES {
                    count.fetch_add(1, Ordering::Relaxed);
                    waker.wake_by_ref();
                }
            }));
        }
        if count.load(Ordering::Relaxed) == THREADS * WAKES { Poll::Ready(()) } else { Poll::Pending }
    });
    for other in others {
        other.join().unwrap();
    }
}

pub(crate) fn a_waker_of_a_run_that_is_over_does_nothing(driver: &dyn Driver) {
    let _alone = alone();
    let stale = run(driver, |cx| Poll::Ready(cx.waker().clone()));
    stale.wake_by_ref();
    thread::scope(|scope| scope.spawn(|| stale.wake_by_ref()).join()).unwrap();
    let mut polls = 0;
    run(driver, |cx| {
        polls += 1;
        stale.wake_by_ref();
        cx.waker().wake_by_ref();
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    });
    thread::spawn(move || drop(stale)).join().unwrap();
}

pub(crate) fn a_timer_is_never_early_and_wakes_a_root_that_waits(driver: &dyn Driver) {
    let _alone = alone();
    for micros in [0, 1, 50, 100, 999, 1_000, 1_500, 5_000, 20_000] {
        let reactor = driver.reactor();
        let deadline = Instant::now() + Duration::from_micros(micros);
        run(driver, |cx| reactor.poll_timer(cx, Some(deadline)));
        assert!(Instant::now() >= deadline, "{micros} µs: early");
    }
}

pub(crate) fn a_timer_set_again_replaces_the_one_before(driver: &dyn Driver) {
    let _alone = alone();
    let reactor = driver.reactor();
    let now = Instant::now();
    let (soon, never) = (now + Duration::from_millis(5), now + Duration::from_secs(3600));
    // Later, then sooner: it is the sooner one that wakes.
    let mut armed = false;
    run(driver, |cx| {
        if !std::mem::replace(&mut armed, true) {
            assert_eq!(reactor.poll_timer(cx, Some(never)), Poll::Pending);
        }
        reactor.poll_timer(cx, Some(soon))
    });
    // Sooner, then none: only another thread wakes, and by then the disarmed timer has not.
    let soon = Instant::now() + Duration::from_millis(5);
    let (mut polls, mut other) = (0, None);
    run(driver, |cx| {
        polls += 1;
        let waker = cx.waker().clone();
        other.get_or_insert_with(|| {
            assert_eq!(reactor.poll_timer(cx, Some(soon)), Poll::Pending);
            assert_eq!(reactor.poll_timer(cx, None), Poll::Pending);
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(30)); // the subject: time passes, and the timer is silent
                waker.wake();
            })
        });
        if Instant::now() >= soon + Duration::from_millis(20) { Poll::Ready(()) } else { Poll::Pending }
    });
    assert_eq!(polls, 2, "a disarmed timer has woken the root");
    other.unwrap().join().unwrap();
}

pub(crate) fn a_root_that_wakes_itself_for_ever_sees_a_due_timer(driver: &dyn Driver) {
    let _alone = alone();
    let reactor = driver.reactor();
    let deadline = Instant::now() + Duration::from_millis(3);
    let mut polls_when_due = 0;
    run(driver, |cx| {
        cx.waker().wake_by_ref();
        polls_when_due += u32::from(Instant::now() >= deadline);
        reactor.poll_timer(cx, Some(deadline))
    });
    assert!(polls_when_due <= 1, "due, and not said so in {polls_when_due} polls");
}

/// `polls_max`: how many polls it may take. The runtime looks at its I/O before each, but how many looks the kernel
/// needs to show an event differs.
pub(crate) fn a_root_that_wakes_itself_for_ever_sees_a_readable_socket(driver: &dyn Driver, polls_max: u32) {
    let _alone = alone();
    let mut socket = None;
    for _ in 0..100 {
        let mut polls = 0;
        run(driver, |cx| {
            let (ours, readiness, theirs) = socket.get_or_insert_with(|| watched(driver));
            cx.waker().wake_by_ref();
            polls += 1;
            let read = readiness.poll_io(cx, Direction::Read, &mut || read_one(ours));
            if polls == 1 {
                assert!(read.is_pending(), "nothing was written yet");
                theirs.write_all(b"x").unwrap();
                return Poll::Pending;
            }
            read.map(|read| assert_eq!(read.unwrap(), 1))
        });
        assert!(polls <= polls_max, "seen after {polls} polls");
    }
}

pub(crate) fn a_descriptor_wakes_the_root_when_it_is_ready(driver: &dyn Driver) {
    const BYTES: usize = 300;
    let _alone = alone();
    let (ours, readiness, mut theirs) = watched(driver);
    let other = thread::spawn(move || {
        for _ in 0..BYTES {
            theirs.write_all(b"x").unwrap();
            thread::yield_now();
        }
        theirs
    });
    let mut bytes = 0;
    run(driver, |cx| {
        while let Poll::Ready(read) = readiness.poll_io(cx, Direction::Read, &mut || read_one(&ours)) {
            bytes += read.unwrap();
            if bytes == BYTES {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    });
    // And the other way: full, until the other end reads.
    let mut theirs = other.join().unwrap();
    let mut stream = UnixStream::from(ours.try_clone().unwrap());
    let block = [0; 4096];
    while stream.write(&block).is_ok() {}
    let mut reader = None;
    let written = run(driver, |cx| {
        let write = readiness.poll_io(cx, Direction::Write, &mut || stream.write(&block));
        if reader.is_none() {
            assert!(write.is_pending(), "a full socket takes nothing");
            let mut theirs = theirs.try_clone().unwrap();
            reader = Some(thread::spawn(move || theirs.read_exact(&mut vec![0; 256 * 1024])));
        }
        write
    });
    assert!(written.unwrap() > 0);
    theirs.shutdown(std::net::Shutdown::Both).unwrap();
    drop(reader.take().unwrap().join().unwrap());
    drop(theirs.read(&mut [0]));
}

pub(crate) fn a_read_that_is_given_up_loses_nothing(driver: &dyn Driver) {
    let _alone = alone();
    let (ours, readiness, mut theirs) = watched(driver);
    run(driver, |cx| {
        assert!(readiness.poll_io(cx, Direction::Read, &mut || read_one(&ours)).is_pending());
        Poll::Ready(())
    });
    theirs.write_all(b"xy").unwrap();
    for _ in 0..2 {
        let read = run(driver, |cx| readiness.poll_io(cx, Direction::Read, &mut || read_one(&ours)));
        assert_eq!(read.unwrap(), 1);
    }
    // Watched again under the same number, after the first watch has ended.
    drop(readiness);
    let readiness = driver.reactor().watch(ours.clone()).unwrap();
    drop(theirs);
    let read = run(driver, |cx| readiness.poll_io(cx, Direction::Read, &mut || read_one(&ours)));
    assert_eq!(read.unwrap(), 0, "the end");
}

pub(crate) fn an_error_of_the_operation_is_handed_on(driver: &dyn Driver) {
    let _alone = alone();
    let (_ours, readiness, mut theirs) = watched(driver);
    theirs.write_all(b"x").unwrap();
    let error = run(driver, |cx| {
        readiness.poll_io(cx, Direction::Read, &mut || Err(ErrorKind::ConnectionReset.into()))
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

pub(crate) fn a_plain_file_cannot_be_watched(driver: &dyn Driver) {
    let _alone = alone();
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    let error =
        run(driver, |_| Poll::Ready(driver.reactor().watch(Rc::new(file.try_clone().unwrap().into())).err()));
    assert_eq!(error.unwrap().raw_os_error(), Some(1), "EPERM, as epoll says");
}

/// Makes each of the checks above a test of one driver.
macro_rules! every_driver {
    ($driver:expr, polls_max: $polls_max:expr) => {
        crate::driver::every_driver!(@tests $driver =>
            a_root_that_is_ready_at_once_ends_the_run
            a_wake_from_another_thread_is_never_lost
            wakes_from_many_threads_while_the_root_is_polled_are_never_lost
            a_waker_of_a_run_that_is_over_does_nothing
            a_timer_is_never_early_and_wakes_a_root_that_waits
            a_timer_set_again_replaces_the_one_before
            a_root_that_wakes_itself_for_ever_sees_a_due_timer
            a_descriptor_wakes_the_root_when_it_is_ready
            a_read_that_is_given_up_loses_nothing
            an_error_of_the_operation_is_handed_on
            a_plain_file_cannot_be_watched
        );

        #[test]
        fn a_root_that_wakes_itself_for_ever_sees_a_readable_socket() {
            crate::driver::a_root_that_wakes_itself_for_ever_sees_a_readable_socket(&$driver, $polls_max);
        }
    };
    (@tests $driver:expr => $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                crate::driver::$name(&$driver);
            }
        )*
    };
}
pub(crate) use every_driver;
