//! The driver's own: its parts that other drivers do not have.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::time::{Duration, Instant};

use contract::driver::{Direction, Driver};
use loop_tokio::TokioDriver;

#[test]
fn tokio_looks_at_its_io_before_each_poll_of_a_root_that_never_waits() {
    let driver = TokioDriver::new().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let readiness = driver.reactor().watch(Rc::new(OwnedFd::from(ours.try_clone().unwrap()))).unwrap();
    for _ in 0..100 {
        let mut polls = 0;
        driver.run(pin!(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            polls += 1;
            let read = readiness.poll_io(cx, Direction::Read, &mut || (&ours).read(&mut [0]));
            if polls == 1 {
                assert!(read.is_pending());
                theirs.write_all(b"x").unwrap();
                return Poll::Pending;
            }
            read.map(|read| assert_eq!(read.unwrap(), 1))
        })));
        assert!(polls <= 3, "seen after {polls} polls");
    }
}

/// What the kernel delivers for a descriptor that was emptied by a short read.
#[test]
fn a_short_read_spares_the_next_attempt_and_loses_nothing() {
    let driver = TokioDriver::new().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let readiness = driver.reactor().watch(Rc::new(OwnedFd::from(ours.try_clone().unwrap()))).unwrap();
    let mut attempts = 0;
    let mut read = |limit: usize| {
        let mut length = None;
        driver.run(pin!(poll_fn(|cx| {
            let read = readiness.poll_io_up_to(cx, Direction::Read, limit, &mut || {
                attempts += 1;
                (&ours).read(&mut [0; 8][..limit])
            });
            // A second poll must wait without an attempt: the first has emptied it.
            read.map(|read| length = Some(read.unwrap()))
        })));
        length.unwrap()
    };
    theirs.write_all(b"short").unwrap();
    assert_eq!(read(8), 5);
    theirs.write_all(b"and more").unwrap();
    assert_eq!([read(4), read(4)], [4, 4]);
    drop(theirs);
    assert_eq!(read(8), 0, "the end");
    assert!(attempts <= 5, "{attempts} attempts for 4 reads");
}

#[test]
fn a_driver_that_is_dropped_does_not_wait_for_ever_for_blocking_work() {
    let (release, held) = mpsc::channel::<()>();
    let since = Instant::now();
    loop_tokio::run(async move {
        tokio::task::spawn_blocking(move || held.recv());
        core_loop::yield_now().await;
    })
    .unwrap();
    assert!(since.elapsed() < Duration::from_secs(60));
    drop(release);
}

#[test]
fn a_driver_can_be_dropped_inside_a_runtime() {
    let driver = TokioDriver::new().unwrap();
    let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
    host.block_on(async move { drop(driver) });
}

#[test]
fn a_server_without_descriptors_serves_when_there_are_some() {
    conformance::server_without_descriptors(
        "driver::a_server_without_descriptors_serves_when_there_are_some",
        TokioDriver::new,
    );
}

#[test]
fn a_lack_of_descriptors_is_refused_with_its_cure() {
    conformance::lack_of_descriptors(
        "driver::a_lack_of_descriptors_is_refused_with_its_cure",
        TokioDriver::new,
    );
}

#[test]
fn what_is_given_up_in_its_middle_leaves_no_descriptor() {
    conformance::given_up_leaks_nothing(
        "driver::what_is_given_up_in_its_middle_leaves_no_descriptor",
        TokioDriver::new,
    );
}

#[test]
fn the_standard_streams_of_a_program_are_streams() {
    conformance::standard_streams("driver::the_standard_streams_of_a_program_are_streams", TokioDriver::new);
}

#[test]
fn a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program() {
    conformance::broken_pipe_kills_nobody(
        "driver::a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program",
        TokioDriver::new,
    );
}
