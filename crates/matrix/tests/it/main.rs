//! The program as its callers see it.

use std::process::{Command, Output};

fn matrix(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_conformance-matrix");
    Command::new(program).args(args).output().expect("the program was built beside this test")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("JSON is UTF-8")
}

#[test]
fn an_unknown_runtime_is_a_usage_error_that_lists_the_known_ones() {
    let output = matrix(&["--runtime", "tokyo"]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("there is no runtime `tokyo`; known are native, tokio, smol, glommio"), "{words}");
    assert!(stdout(&output).is_empty());
}

#[test]
fn an_unknown_argument_is_a_usage_error() {
    for args in [&["--fast"][..], &["--runtime"], &["native"]] {
        assert_eq!(matrix(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn the_list_names_every_behaviour_without_trying_it() {
    let output = matrix(&["--list"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains("loop     MUST    lock.fifo: "));
    assert!(stdout(&output).contains("executor MUST    cf_future.states: "));
    assert!(stdout(&output).lines().count() >= 80);
}

#[test]
fn one_runtime_gives_one_column_with_a_cell_for_each_behaviour_of_its_kind() {
    let output = matrix(&["--runtime", "threads"]);
    let json = stdout(&output);
    assert!(output.status.success(), "{json}");
    assert!(json.contains(r#"{"name": "threads", "kind": "ours", "subject": "executor"}"#), "{json}");
    let rows = json.lines().filter(|line| line.contains(r#""id": "#)).count();
    let cells = json.matches(r#""cells": {"threads": "#).count();
    assert!(rows > 20 && rows == cells, "{json}");
    assert!(!json.contains(r#""kind": "loop""#), "{json}");
}
