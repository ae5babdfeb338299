//! Runs a test in a process of its own: where it counts descriptors, sends signals or lowers a limit.

use std::process::{Command, Stdio};

const ALONE: &str = "CORE_LOOP_TEST_ALONE";

/// Runs `body` in a new process that runs nothing but the test called `test`, after the shell commands `setup`.
pub(crate) fn alone(test: &str, setup: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let output = Command::new("sh")
        .args(["-c", &format!("{setup}\nexec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{test} alone: {}\n{said}", output.status);
    assert!(said.contains("1 passed"), "{test} did not run alone:\n{said}");
}

/// How many descriptors this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
