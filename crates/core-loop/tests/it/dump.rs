//! The dump on a signal, and through a socket.

use crate::alone::alone;
use core_loop::{DumpSocket, dump_on_connect, dump_on_signal, sleep, spawn};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};
use std::fs;
use std::future::pending;
use std::io::{self, BufRead, BufReader, ErrorKind, Lines};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
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

/// A place for a socket that no other test has.
fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("anyloop-{}-{name}.tasks", std::process::id()))
}

/// What is told to whoever connects.
fn told(path: &Path) -> String {
    io::read_to_string(UnixStream::connect(path).unwrap()).unwrap()
}

/// A loop that `hangs` on a thread of its own until `checks` are over.
fn beside_a_loop(hangs: impl FnOnce(Sender<()>, Receiver<()>) + Send + 'static, checks: impl FnOnce()) {
    let ((begins, begun), (over, ends)) = (channel(), channel());
    let hanging = std::thread::spawn(move || hangs(begins, ends));
    begun.recv().unwrap();
    checks();
    over.send(()).unwrap();
    hanging.join().unwrap();
}

#[test]
fn whoever_connects_sees_a_loop_that_waits_as_it_is_each_time() {
    let window = dump_on_connect(place("waits")).unwrap();
    let hangs = |begins: Sender<()>, ends: Receiver<()>| {
        crate::run(async move {
            let inner = spawn(pending::<()>()).named("a task to be seen");
            spawn(async { inner.await.unwrap() }).named("outer").detach();
            core_loop::yield_now().await;
            begins.send(()).unwrap();
            core_loop::to_thread(move || ends.recv().unwrap()).await.unwrap();
        });
    };
    beside_a_loop(hangs, || {
        for _ in 0..3 {
            let said = told(window.path());
            assert!(said.contains("└─ a task to be seen"), "{said}");
        }
    });
    // Not for ever: the loop is on its way out.
    while told(window.path()).contains("a task to be seen") {}
}

#[test]
fn whoever_connects_sees_a_loop_that_is_blocked() {
    let window = dump_on_connect(place("blocked")).unwrap();
    let hangs = |begins: Sender<()>, ends: Receiver<()>| {
        crate::run(async move {
            let blocks = spawn(async move {
                begins.send(()).unwrap();
                ends.recv().unwrap();
            });
            blocks.named("a task that blocks").await.unwrap();
        });
    };
    beside_a_loop(hangs, || {
        let said = told(window.path());
        assert!(said.contains("does not answer: it has been blocked for"), "{said}");
        assert!(said.contains("task `a task that blocks` spawned at"), "{said}");
    });
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody_for_long() {
    const TASKS: usize = 10_000;
    let window = dump_on_connect(place("silent")).unwrap();
    let hangs = |begins: Sender<()>, ends: Receiver<()>| {
        crate::run(async move {
            (0..TASKS).for_each(|_| spawn(pending::<()>()).named("one of very many").detach());
            begins.send(()).unwrap();
            core_loop::to_thread(move || ends.recv().unwrap()).await.unwrap();
        });
    };
    beside_a_loop(hangs, || {
        // It would be told more than a socket holds.
        let _silent = UnixStream::connect(window.path()).unwrap();
        assert!(told(window.path()).matches("one of very many").count() >= TASKS);
    });
}

#[test]
fn a_socket_goes_with_its_owner_unless_it_is_somebody_elses_by_then() {
    let path = place("owned");
    drop(dump_on_connect(&path).unwrap());
    assert!(!path.exists());
    let window = dump_on_connect(&path).unwrap();
    let taken = dump_on_connect(&path).map(|_: DumpSocket| ()).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    fs::remove_file(&path).unwrap();
    let others = UnixListener::bind(&path).unwrap();
    drop(window);
    assert!(path.exists(), "that was somebody else's");
    // What a process leaves that had no time to clean up.
    drop(others);
    let window = dump_on_connect(&path).unwrap();
    assert!(told(&path).contains("core_loop: "));
    drop(window);
    fs::write(&path, "a file of somebody's").unwrap();
    assert!(dump_on_connect(&path).is_err());
    assert!(path.exists(), "it is no socket");
    fs::remove_file(&path).unwrap();
}
