//! The dump on a signal.

use crate::alone::alone;
use core_loop::{dump_on_signal, sleep, spawn};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};
use std::future::pending;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

const ROLE: &str = "CORE_LOOP_TEST_DUMP";

/// A process that hangs.
struct Hanging {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Hanging {
    /// Starts this program again, with the test `test` alone, and waits until it says that it hangs.
    fn start(test: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--test-threads=1", "--nocapture"])
            .env(ROLE, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut hanging = Self { child, stderr };
        hanging.until("it hangs");
        hanging
    }

    fn signal(&self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGUSR1).unwrap();
    }

    /// All that it says, up to a line that contains `end`.
    fn until(&mut self, end: &str) -> String {
        let mut said = String::new();
        for line in &mut self.stderr {
            let line = line.unwrap();
            said += &line;
            said.push('\n');
            if line.contains(end) {
                return said;
            }
        }
        panic!("it ended before `{end}`:\n{said}");
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        // It ends no other way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_the_one_that_hangs() -> bool {
    std::env::var_os(ROLE).is_some()
}

#[test]
fn a_process_that_waits_for_ever_shows_its_tree_again_and_again() {
    if is_the_one_that_hangs() {
        dump_on_signal(Signal::SIGUSR1 as i32).unwrap();
        return crate::run(async {
            let inner = spawn(pending::<()>()).named("inner");
            spawn(async { inner.await.unwrap() }).named("outer").detach();
            sleep(Duration::from_millis(1)).await;
            eprintln!("it hangs");
            pending::<()>().await;
        });
    }
    let mut hanging = Hanging::start("dump::a_process_that_waits_for_ever_shows_its_tree_again_and_again");
    for _ in 0..2 {
        hanging.signal();
        let said = hanging.until("└─ inner");
        assert!(said.contains("core_loop: the loop on thread"), "{said}");
        assert!(said.contains("waiting for `inner`"), "{said}");
    }
}

#[test]
fn a_loop_that_is_blocked_is_shown_by_another_thread() {
    if is_the_one_that_hangs() {
        dump_on_signal(Signal::SIGUSR1 as i32).unwrap();
        return crate::run(async {
            let inner = spawn(pending::<()>()).named("inner");
            spawn(async { inner.await.unwrap() }).named("outer").detach();
            let blocks = spawn(async {
                eprintln!("it hangs");
                loop {
                    std::thread::park();
                }
            });
            blocks.named("blocks").await.unwrap()
        });
    }
    let mut hanging = Hanging::start("dump::a_loop_that_is_blocked_is_shown_by_another_thread");
    hanging.signal();
    let said = hanging.until("└─ inner");
    assert!(said.contains("does not answer: it has been blocked for"), "{said}");
    assert!(said.contains("task `blocks` spawned at"), "{said}");
    assert!(said.contains("waiting for `blocks`"), "{said}");
}

#[test]
fn a_dump_without_a_loop_says_so_and_the_signal_ends_nothing() {
    if is_the_one_that_hangs() {
        dump_on_signal(Signal::SIGUSR1 as i32).unwrap();
        eprintln!("it hangs");
        loop {
            std::thread::park();
        }
    }
    let mut hanging = Hanging::start("dump::a_dump_without_a_loop_says_so_and_the_signal_ends_nothing");
    for _ in 0..2 {
        hanging.signal();
        hanging.until("core_loop: no loop");
    }
}

#[test]
fn a_signal_that_cannot_be_caught_or_survived_is_refused() {
    alone("dump::a_signal_that_cannot_be_caught_or_survived_is_refused", "", || {
        for signal in [Signal::SIGKILL, Signal::SIGSTOP, Signal::SIGSEGV, Signal::SIGILL] {
            let refused = dump_on_signal(signal as i32).expect_err("it cannot be");
            assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{signal}");
        }
        assert!(dump_on_signal(12_345).is_err());
        assert!(getpid().as_raw() > 0);
    });
}

#[test]
fn a_loop_that_runs_already_is_shown_from_the_call_on() {
    if is_the_one_that_hangs() {
        return crate::run(async {
            spawn(pending::<()>()).named("before").detach();
            dump_on_signal(Signal::SIGUSR1 as i32).unwrap();
            spawn(pending::<()>()).named("behind").detach();
            eprintln!("it hangs");
            loop {
                std::thread::park();
            }
        });
    }
    let mut hanging = Hanging::start("dump::a_loop_that_runs_already_is_shown_from_the_call_on");
    hanging.signal();
    let said = hanging.until("behind");
    assert!(said.contains("before ("), "{said}");
}
