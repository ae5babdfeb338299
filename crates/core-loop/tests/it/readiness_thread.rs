//! The readiness thread.

use crate::alone::{alone, descriptors};
use contract::{Direction, Readiness, block_on};
use core_loop::ReadinessThread;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

fn watched(readiness: &ReadinessThread) -> (UnixStream, UnixStream, Box<dyn Readiness>) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let watch = readiness.watch(Rc::new(here.try_clone().unwrap().into())).unwrap();
    (here, there, watch)
}

#[test]
fn it_wakes_across_threads_and_loses_nothing() {
    const ROUNDS: u32 = 5_000;
    let readiness = ReadinessThread::new();
    let (here, mut there, watch) = watched(&readiness);
    let echo = std::thread::spawn(move || {
        let byte = &mut [0];
        while there.read(byte).unwrap() == 1 {
            there.write_all(byte).unwrap();
        }
    });
    for round in 0..ROUNDS {
        (&here).write_all(&[round as u8]).unwrap();
        let byte = &mut [0];
        let operation = &mut || (&here).read(byte);
        assert_eq!(block_on(poll_fn(|cx| watch.poll_io(cx, Direction::Read, operation))).unwrap(), 1);
        assert_eq!(byte[0], round as u8);
    }
    drop((here, watch));
    echo.join().unwrap();
}

#[test]
fn it_starts_with_the_first_watch_and_leaves_nothing_after_the_last() {
    alone("readiness_thread::it_starts_with_the_first_watch_and_leaves_nothing_after_the_last", "", || {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = (threads(), descriptors());
        let readiness = ReadinessThread::new();
        assert_eq!((threads(), descriptors()), before);
        let first = watched(&readiness);
        let second = watched(&readiness);
        assert_eq!(threads(), before.0 + 1);
        drop(first);
        drop(readiness);
        assert_eq!(threads(), before.0 + 1, "a watch is left");
        drop(second);
        assert_eq!((threads(), descriptors()), before);
    });
}
