//! The program as its callers see it; and the table of types, which needs every library as well.

mod types;

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
    assert!(stdout(&output).contains("loop      MUST    task.cancel_blocked: "));
    assert!(stdout(&output).contains("executor  MUST    cf_future.states: "));
    assert!(stdout(&output).contains("primitive MUST    lock.fifo: "));
    assert!(stdout(&output).lines().count() >= 80);
}

#[test]
fn one_column_has_a_cell_for_each_behaviour_of_its_kind() {
    let output = matrix(&["--column", "threads"]);
    let json = stdout(&output);
    assert!(output.status.success(), "{json}");
    assert!(json.contains(r#"{"name": "threads", "kind": "ours", "subject": "executor"}"#), "{json}");
    let rows = json.lines().filter(|line| line.contains(r#""id": "#)).count();
    let cells = json.matches(r#""cells": {"threads": "#).count();
    assert!(rows > 20 && rows == cells, "{json}");
    assert!(!json.contains(r#""kind": "loop""#), "{json}");
}

#[test]
fn a_runtime_has_a_column_of_each_kind() {
    let output = matrix(&["--runtime", "native"]);
    let json = stdout(&output);
    assert!(output.status.success(), "{json}");
    for head in [("native", "loop"), ("native-handle", "executor"), ("on-native", "primitive")] {
        let head = format!(r#"{{"name": "{}", "kind": "ours", "subject": "{}"}}"#, head.0, head.1);
        assert!(json.contains(&head), "{head} in {json}");
    }
    assert_eq!(json.matches(r#""kind": "ours""#).count(), 3, "{json}");
}

/// Asks for a column that the matrix does not show, and gives its cells: those that pass, and all but those of the workers'
/// initializers, of which a limit knows nothing.
fn unshown(column: &str) -> (usize, usize) {
    let output = matrix(&["--column", column]);
    let json = stdout(&output);
    assert!(output.status.success(), "{json}");
    let cells = |outcome: &str| json.matches(&format!(r#""cells": {{"{column}": "{outcome}"#)).count();
    assert_eq!(cells("fail"), 0, "{json}");
    let initializers = json.matches("it declares no way to prepare its workers").count();
    (cells("pass"), cells("") - initializers)
}

#[test]
fn limited_processes_do_all_that_calls_can() {
    let (pass, all) = unshown("limited-processes");
    assert_eq!(pass, all - 2, "work that is a call cannot await, and nothing else is skipped");
}

#[test]
fn a_limited_handle_of_a_loop_does_all_that_executors_do() {
    let (pass, all) = unshown("limited-handle");
    assert!(pass > 20 && pass == all, "{pass} of {all}");
}

#[test]
fn without_raw_nothing_is_observed() {
    let output = matrix(&["--column", "threads"]);
    assert!(!stdout(&output).contains("\"raw"), "{}", stdout(&output));
}

#[test]
fn raw_adds_a_column_a_runtime_and_a_row_a_difference() {
    // A column of ours that stands on no raw runtime: the rows and our rules are there, and nothing is looked at.
    let output = matrix(&["--column", "threads", "--raw"]);
    let json = stdout(&output);
    assert!(json.contains(r#"{"name": "anyloop", "kind": "rule", "subject": "raw"}"#), "{json}");
    let rule = r#""id": "raw.drop_of_a_handle", "kind": "raw", "sentence": "#;
    assert!(json.contains(rule) && json.contains(r#""cells": {"anyloop": "keeps running"}"#), "{json}");
}

#[test]
fn an_observation_prints_its_words_alone() {
    let output = matrix(&["observe", "raw-smol-local", "drop_of_a_handle"]);
    assert!(output.status.success());
    assert_eq!(stdout(&output), "cancelled");
}

#[test]
fn an_observation_that_does_not_exist_is_a_usage_error_that_lists_the_known_ones() {
    for (words, known) in [
        (&["observe", "raw-smol-local", "smell"][..], "known are drop_of_a_handle, "),
        (&["observe", "smol", "drop_of_a_handle"], "known are raw-tokio-local, "),
        (&["observe", "raw-smol-local"], "observe wants a raw runtime and a difference"),
    ] {
        let output = matrix(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(known), "{said}");
    }
}
