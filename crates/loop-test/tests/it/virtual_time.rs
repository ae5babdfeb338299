//! Tests on virtual time: they see its clock, a deadlock is told as one, a seed is told, and skips are declared.

use conformance::alone;
use contract::Panic;
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, gather, sleep, spawn};
use loop_test::{NATIVE, VIRTUAL, hold, hold_unless};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn a_test_may_sleep_for_longer_than_the_limit() {
    hold("the test", &VIRTUAL, async || {
        let begin = Loop::current().time();
        sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!(Loop::current().time(), begin + Duration::from_secs(24 * 3600));
    });
}

#[test]
fn a_deadlock_is_told_with_the_tasks_that_wait_and_the_seed() {
    if alone(
        "virtual_time::a_deadlock_is_told_with_the_tasks_that_wait_and_the_seed",
        "export LOOP_TEST_SEED=3",
    ) {
        let stuck = async || drop(spawn(pending::<()>()).named("the one that waits").await);
        let words = Panic::catch(|| hold("the test", &VIRTUAL, stuck)).expect_err("it waits for ever");
        for word in ["the test on virtual: ", "deadlock", "seed 3", "the one that waits"] {
            assert!(words.message().contains(word), "{words}");
        }
    }
}

#[test]
fn a_run_that_goes_on_for_ever_ends_at_the_limit() {
    let name = "virtual_time::a_run_that_goes_on_for_ever_ends_at_the_limit";
    if alone(name, "export LOOP_TEST_LIMIT_SECS=0 LOOP_TEST_SEEDS=1") {
        let endless = async || {
            loop {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let words = Panic::catch(|| hold::<()>("the test", &VIRTUAL, endless)).expect_err("it never ends");
        assert!(words.message().contains("runaway"), "{words}");
    }
}

/// Fails under some seeds: they choose which of two connections that are made at one instant is heard of first.
fn fails_under_some_seeds() {
    hold("the test", &VIRTUAL, async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("nobody listens there");
        let address = listener.local_addr().expect("it has one");
        let order = Rc::new(RefCell::new(Vec::new()));
        let connect = |number| {
            let order = order.clone();
            async move {
                let connected = TcpStream::connect(address).await;
                order.borrow_mut().push(number);
                connected
            }
        };
        let (_one, _other) = gather((connect(1), connect(2))).await.expect("nobody cancels them");
        assert_eq!(*order.borrow(), [1, 2], "the other came first");
    });
}

#[test]
fn a_failing_seed_is_printed_with_the_line_that_repeats_it() {
    const INNER: &str = "LOOP_TEST_FAILS";
    if std::env::var_os(INNER).is_some() {
        return fails_under_some_seeds();
    }
    let name = "virtual_time::a_failing_seed_is_printed_with_the_line_that_repeats_it";
    let run = |variable: &str, value: &str| {
        let program = std::env::current_exe().expect("a program knows itself");
        let mut command = std::process::Command::new(program);
        command.args(["--exact", name, "--nocapture", "--test-threads=2"]).env(INNER, "1");
        command.env_remove("LOOP_TEST_SEED").env_remove("LOOP_TEST_SEEDS").env(variable, value);
        let output = command.output().expect("it starts");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (success, words) = run("LOOP_TEST_SEEDS", "300");
    assert!(!success, "no seed of 300 changes the order: {words}");
    let line = words.lines().find_map(|line| line.split_once("to repeat it: LOOP_TEST_SEED="));
    let (_, line) = line.unwrap_or_else(|| panic!("{words}"));
    let (seed, command) = line.split_once(' ').unwrap_or_else(|| panic!("{words}"));
    assert_eq!(command, format!("cargo test -- --exact {name}"));
    let (success, again) = run("LOOP_TEST_SEED", seed);
    assert!(!success && again.contains("the other came first"), "the seed does not repeat it: {again}");
}

#[test]
fn what_is_skipped_on_one_runtime_runs_on_the_others() {
    // Alone, so that nobody counts its skip.
    if alone("virtual_time::what_is_skipped_on_one_runtime_runs_on_the_others", "unset CONFORMANCE_STRICT") {
        let ran = Cell::new(0);
        let body = async || ran.set(ran.get() + 1);
        let skips = [(&VIRTUAL, "time must pass")];
        hold_unless(&skips, "the test", &VIRTUAL, body);
        assert_eq!(ran.get(), 0);
        hold_unless(&skips, "the test", &NATIVE, body);
        assert_eq!(ran.get(), 1);
    }
}

#[test]
fn a_declared_skip_is_none_of_this_machine_and_fails_nowhere() {
    if alone(
        "virtual_time::a_declared_skip_is_none_of_this_machine_and_fails_nowhere",
        "export CONFORMANCE_STRICT=1",
    ) {
        hold_unless::<()>(&[(&VIRTUAL, "time must pass")], "the test", &VIRTUAL, async || panic!("it ran"));
    }
}

#[test]
fn a_skip_without_a_reason_is_a_failure() {
    let skip = || hold_unless(&[(&VIRTUAL, " ")], "the test", &VIRTUAL, async || ());
    let words = Panic::catch(skip).expect_err("it has no reason");
    assert_eq!(words.message(), "the test: a skip without a reason");
}
