//! The command line, as somebody types it.

use std::process::{Command, Output};

const COMMANDS: [&str; 11] =
    ["compare", "bench", "test", "conformance", "build", "doctor", "docs", "loom", "stress", "tidy", "ci"];

fn xtask(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(words).env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

/// What is said to somebody who typed something wrong: one line, no trace of a panic.
fn refusal(words: &[&str]) -> String {
    let output = xtask(words);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text.lines()
        .find(|line| line.starts_with("error: "))
        .unwrap_or_else(|| panic!("no error line in {text}"))
        .to_owned()
}

#[test]
fn without_a_command_the_table_is_printed() {
    let output = xtask(&[]);
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    for command in COMMANDS {
        assert!(table.lines().any(|line| line.trim_start().starts_with(command)), "{command} in {table}");
    }
}

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let output = xtask(&[command, "--help"]);
        assert!(output.status.success(), "{command}");
        assert!(String::from_utf8(output.stdout).unwrap().starts_with(&format!("cargo xtask {command}\n")));
    }
}

#[test]
fn an_unknown_command_names_the_nearest() {
    assert_eq!(refusal(&["tset"]), "error: there is no command `tset`; did you mean `test`?");
}

#[test]
fn an_unknown_runtime_lists_the_known_ones() {
    for command in ["test", "conformance"] {
        let line = refusal(&[command, "--runtime", "async-std"]);
        assert_eq!(
            line,
            "error: there is no runtime `async-std`; known: native, tokio, smol, glommio, virtual"
        );
    }
}

#[test]
fn an_unknown_crate_names_the_nearest() {
    assert_eq!(
        refusal(&["test", "-p", "contrakt"]),
        "error: there is no crate `contrakt`; did you mean `contract`?"
    );
}

#[test]
fn an_unknown_flag_points_to_the_help() {
    let line = refusal(&["compare", "--directory", "."]);
    assert!(line.ends_with("known: --files, --no-python, --job, --size, --json; see --help"), "{line}");
}

#[test]
fn a_folder_that_does_not_exist_is_refused_before_anything_is_built() {
    let line = refusal(&["compare", "--files", "no/such/folder"]);
    assert_eq!(
        line,
        "error: --files no/such/folder: there is no such folder; name a folder with files to read"
    );
}

#[test]
fn the_doctor_knows_every_runtime() {
    let output = xtask(&["doctor"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for word in ["native", "tokio", "smol", "glommio", "kernel", "memlock", "cores", "io_uring", "python"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn without_a_python_the_recording_is_refused_with_the_cure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.args(["conformance", "--record"]).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("none at all; cure: install Python 3.13"), "{text}");
}

#[test]
fn the_native_loop_has_no_raw_runtime_to_observe() {
    assert_eq!(
        refusal(&["conformance", "--raw", "--runtime", "native"]),
        "error: the native loop stands on no runtime: --raw goes with tokio, smol or glommio"
    );
}

#[test]
fn a_smoke_is_not_recorded() {
    assert_eq!(
        refusal(&["bench", "--smoke", "--record"]),
        "error: --smoke measures nothing that is worth a record: one or the other"
    );
}
