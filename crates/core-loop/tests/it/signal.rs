//! Ctrl-C.

use crate::alone::{alone, descriptors};
use crate::run;
use core_loop::{NativeDriver, RunError, Runner, ctrl_c, sleep, yield_now};
use futures_lite::future::{poll_once, zip};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::getpid;
use std::os::fd::AsFd;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Barrier};
use std::time::Duration;

/// Sends the signal to this thread, so that the handler has run when this returns.
fn interrupt() {
    raise(Signal::SIGINT).unwrap();
}

/// Whether this process catches SIGINT, in the kernel's own words.
pub(crate) fn is_caught(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (Signal::SIGINT as u32 - 1) & 1 == 1
}

fn is_caught_here() -> bool {
    is_caught(&std::fs::read_to_string("/proc/self/status").unwrap())
}

#[test]
fn each_wait_ends_with_the_next_signal_and_restores_what_was_before() {
    alone("signal::each_wait_ends_with_the_next_signal_and_restores_what_was_before", "", || {
        run(async {
            // The loop has slept, so it has what it sleeps with.
            sleep(Duration::from_millis(1)).await;
            let before = descriptors();
            for _ in 0..3 {
                assert!(!is_caught_here());
                let mut waiting = pin!(ctrl_c());
                assert!(poll_once(&mut waiting).await.is_none());
                assert!(is_caught_here());
                interrupt();
                waiting.await.unwrap();
            }
            assert!(!is_caught_here());
            assert_eq!(descriptors(), before);
        });
    });
}

#[test]
fn a_wait_that_was_given_up_restores_what_was_before() {
    alone("signal::a_wait_that_was_given_up_restores_what_was_before", "", || {
        run(async {
            assert!(poll_once(ctrl_c()).await.is_none());
            assert!(!is_caught_here());
        });
    });
}

#[test]
fn one_signal_ends_every_wait_of_every_loop() {
    alone("signal::one_signal_ends_every_wait_of_every_loop", "", || {
        let ready = Arc::new(Barrier::new(4));
        let threads = [(); 3].map(|()| {
            let ready = ready.clone();
            std::thread::spawn(move || {
                run(async {
                    let (mut one, mut two) = (pin!(ctrl_c()), pin!(ctrl_c()));
                    assert!(poll_once(zip(&mut one, &mut two)).await.is_none());
                    ready.wait();
                    let ended = zip(one, two).await;
                    ended.0.and(ended.1).unwrap();
                });
            })
        });
        ready.wait();
        kill(getpid(), Signal::SIGINT).unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(!is_caught_here());
    });
}

#[test]
fn a_wait_that_begins_after_the_signal_waits_for_the_next() {
    alone("signal::a_wait_that_begins_after_the_signal_waits_for_the_next", "", || {
        run(async {
            let mut early = pin!(ctrl_c());
            assert!(poll_once(&mut early).await.is_none());
            interrupt();
            // The early one has not looked yet, so the handler and its rung bell are still there.
            let mut late = pin!(ctrl_c());
            assert!(poll_once(&mut late).await.is_none());
            early.await.unwrap();
            assert!(poll_once(&mut late).await.is_none());
            interrupt();
            late.await.unwrap();
        });
    });
}

#[test]
fn a_program_that_is_started_meanwhile_inherits_no_handler() {
    alone("signal::a_program_that_is_started_meanwhile_inherits_no_handler", "", || {
        run(async {
            let mut waiting = pin!(ctrl_c());
            assert!(poll_once(&mut waiting).await.is_none());
            let output = Command::new("cat").arg("/proc/self/status").output().unwrap();
            assert!(!is_caught(&String::from_utf8(output.stdout).unwrap()));
        });
    });
}

#[test]
fn signals_while_waits_come_and_go_hit_no_foreign_descriptor() {
    alone("signal::signals_while_waits_come_and_go_hit_no_foreign_descriptor", "", || {
        let (calm, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let (listens, listening) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            // One listens all the time, so that no signal ends the process. Each of its waits brings a new bell.
            scope.spawn(|| run(listen_until(&over, listens)));
            listening.recv().unwrap();
            let storm = scope.spawn(|| {
                while !calm.load(Ordering::Relaxed) {
                    interrupt();
                }
            });
            let untouched = (0..2_000).all(|_| {
                // It gets the number of a bell that was closed, if any.
                let (reader, _writer) = std::io::pipe().unwrap();
                drop(run(poll_once(ctrl_c())));
                let events = &mut [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
                poll(events, PollTimeout::ZERO) == Ok(0)
            });
            calm.store(true, Ordering::Relaxed);
            storm.join().unwrap();
            over.store(true, Ordering::Relaxed);
            assert!(untouched, "a handler wrote to a pipe of ours");
        });
    });
}

async fn listen_until(over: &AtomicBool, listens: Sender<()>) {
    let mut waiting = Box::pin(ctrl_c());
    assert!(poll_once(&mut waiting).await.is_none());
    listens.send(()).unwrap();
    while !over.load(Ordering::Relaxed) {
        let mut next = Box::pin(ctrl_c());
        if poll_once(&mut next).await.is_none() {
            waiting = next;
        }
        futures_lite::future::yield_now().await;
    }
    drop(waiting);
}

fn listening() -> Runner {
    Runner::new(NativeDriver::new().unwrap()).cancel_on_ctrl_c(true)
}

#[test]
fn a_main_that_never_waits_is_told_of_ctrl_c_at_its_end() {
    alone("signal::a_main_that_never_waits_is_told_of_ctrl_c_at_its_end", "", || {
        let mut runner = listening();
        let over = runner.run(async {
            interrupt();
            7
        });
        assert!(matches!(over, Err(RunError::Interrupted)), "{over:?}");
        assert!(!is_caught_here());
        assert_eq!(runner.run(async { 7 }).unwrap(), 7);
    });
}

#[test]
fn a_run_listens_without_a_descriptor_until_it_sleeps() {
    alone("signal::a_run_listens_without_a_descriptor_until_it_sleeps", "", || {
        let mut runner = listening();
        let before = descriptors();
        runner
            .run(async {
                yield_now().await;
                assert!(is_caught_here());
                assert_eq!(descriptors(), before);
            })
            .unwrap();
        assert_eq!(descriptors(), before);
    });
}

#[test]
fn a_run_that_begins_is_heard_anew_beside_one_that_was_told() {
    alone("signal::a_run_that_begins_is_heard_anew_beside_one_that_was_told", "", || {
        let first = listening().run(async {
            interrupt();
            let second = std::thread::spawn(|| {
                let over = listening().run(async { interrupt() });
                assert!(matches!(over, Err(RunError::Interrupted)), "{over:?}");
            });
            second.join().unwrap();
        });
        assert!(matches!(first, Err(RunError::Interrupted)), "{first:?}");
    });
}
