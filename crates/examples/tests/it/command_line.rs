//! What a program says to a command line that is wrong: the cure, and code 2.

use crate::program::{Ended, run};
use std::process::Command;

/// Runs `hello` with these arguments, which are wrong.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    refused_by(env!("CARGO_BIN_EXE_hello"), arguments)
}

#[track_caller]
fn refused_by(program: &str, arguments: &[&str]) -> String {
    let Ended { status, stdout, stderr } = run(Command::new(program).args(arguments));
    assert_eq!((status.code(), stdout.as_str()), (Some(2), ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "one line, and no trace of a panic: {stderr}");
    stderr
}

#[test]
fn an_unknown_runtime_is_answered_with_the_known_ones() {
    assert_eq!(
        refused(&["--runtime", "asyncio"]),
        "--runtime asyncio: unknown runtime; the known ones are native, tokio, smol and glommio\n"
    );
}

#[test]
fn a_runtime_without_a_name_is_answered_with_the_names() {
    assert_eq!(refused(&["--runtime"]), "--runtime needs a value: --runtime native|tokio|smol|glommio\n");
}

#[test]
fn an_unknown_argument_is_answered_with_the_known_ones() {
    let answer = "`--speed` is not known; what is known: --runtime native|tokio|smol|glommio\n";
    assert_eq!(refused(&["--speed", "fast"]), answer);
}

#[test]
fn help_lists_the_arguments_and_is_no_mistake() {
    let ended = run(Command::new(env!("CARGO_BIN_EXE_blocked_loop")).arg("--help"));
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, "--runtime native|tokio|smol|glommio\n--seconds NUMBER\n");
}

#[test]
fn a_time_that_makes_no_sense_is_refused() {
    for time in ["-1", "0", "inf", "NaN", "1e300"] {
        let answer = refused_by(env!("CARGO_BIN_EXE_blocked_loop"), &["--seconds", time]);
        assert!(answer.contains("from 0.04 to 60 seconds"), "{answer}");
    }
}

#[cfg(not(feature = "glommio"))]
#[test]
fn a_runtime_that_was_left_out_is_answered_with_the_cure() {
    let ended = run(Command::new(env!("CARGO_BIN_EXE_hello")).args(["--runtime", "glommio"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("--features glommio"), "{}", ended.stderr);
}
