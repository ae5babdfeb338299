//! What makes a test fail, beside its own panic.

use conformance::alone;
use contract::{Panic, Unavailable};
use core_loop::{Loop, finally, spawn, yield_now};
use loop_test::{NATIVE, Outcome, Runtime, hold};
use std::future::pending;

/// The words with which `body` fails.
#[track_caller]
fn failure<T: Outcome>(body: impl AsyncFn() -> T) -> String {
    let panic = Panic::catch(|| hold("the test", &NATIVE, body)).expect_err("it fails");
    panic.message().to_owned()
}

async fn panics() {
    panic!("the very words");
}

#[test]
fn a_panic_is_its_own_message() {
    assert_eq!(failure(panics), "the very words");
}

#[test]
fn an_error_is_printed_with_the_names_of_the_test_and_the_runtime() {
    let words = failure(async || "12x".parse::<u8>().map(drop));
    assert_eq!(words, "the test on native: ParseIntError { kind: InvalidDigit }");
}

#[test]
fn a_detached_task_that_panics_fails_the_test() {
    let words = failure(async || {
        spawn(async { std::panic::resume_unwind(Box::new("nobody looks")) }).named("lost").detach();
        yield_now().await;
        yield_now().await;
    });
    assert!(
        words.contains("unobserved: ") && words.contains("nobody looks") && words.contains("lost"),
        "{words}"
    );
}

#[test]
fn a_callback_that_panics_fails_the_test() {
    let words = failure(async || {
        Loop::current().call_soon(|| std::panic::resume_unwind(Box::new("in a callback")));
        yield_now().await;
    });
    assert!(words.contains("in a callback"), "{words}");
}

#[test]
fn a_test_that_hangs_ends_at_its_limit_and_names_the_variable() {
    if alone(
        "fails::a_test_that_hangs_ends_at_its_limit_and_names_the_variable",
        "export LOOP_TEST_LIMIT_SECS=0",
    ) {
        let words = failure(async || pending::<()>().await);
        assert_eq!(
            words,
            "the test on native: it did not end within 0ns; LOOP_TEST_LIMIT_SECS gives it more, if that is how long it \
             takes"
        );
    }
}

#[test]
fn a_limit_that_is_no_number_is_an_error() {
    if alone("fails::a_limit_that_is_no_number_is_an_error", "export LOOP_TEST_LIMIT_SECS=soon") {
        assert!(failure(async || ()).starts_with("LOOP_TEST_LIMIT_SECS=soon: invalid digit"));
    }
}

#[test]
fn a_clean_up_that_never_ends_fails_the_test() {
    let words = failure(async || {
        spawn(finally((), async |(): &mut ()| pending::<()>().await, async |()| pending::<()>().await))
            .named("stubborn")
            .detach();
        yield_now().await;
    });
    assert!(words.contains("did not close cleanly") && words.contains("stubborn"), "{words}");
}

static BROKEN: Runtime =
    Runtime::new("broken", || Err(Unavailable::new("broken", "it is broken", "mend it")));

#[test]
fn a_runtime_that_cannot_run_here_is_skipped_and_the_test_does_not_run() {
    if alone(
        "fails::a_runtime_that_cannot_run_here_is_skipped_and_the_test_does_not_run",
        "unset CONFORMANCE_STRICT",
    ) {
        hold("the test", &BROKEN, panics);
    }
}

#[test]
fn where_everything_must_run_it_is_a_failure_with_the_cure() {
    if alone("fails::where_everything_must_run_it_is_a_failure_with_the_cure", "export CONFORMANCE_STRICT=1")
    {
        let panic = Panic::catch(|| hold("the test", &BROKEN, async || ())).expect_err("it must run");
        assert_eq!(panic.message(), "broken cannot run here: it is broken; mend it");
    }
}
