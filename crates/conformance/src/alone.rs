//! Tests that need a process of their own: they count its descriptors, or take some of its limits away.

use contract::{Driver, Unavailable};
use std::env;
use std::fs::File;
use std::process::Command;

/// Set in the process that runs one test alone.
const ALONE: &str = "CONFORMANCE_ALONE";

/// Whether this process runs the test `name` alone, with `limits` in force: shell commands such as `ulimit -n 20`. If not,
/// such a process is started, and must pass the test.
///
/// # Panics
///
/// If the test fails there, or no test has this name.
#[track_caller]
pub fn alone(name: &str, limits: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let program = env::current_exe().expect("a program knows itself");
    let script = format!("{limits}\nexec \"$0\" --exact {name} --test-threads=1");
    let output = Command::new("sh").arg("-c").arg(script).arg(program).env(ALONE, "1").output();
    let output = output.expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains(" 1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// From no free descriptor to enough of them: `make` refuses with the cure, until what it makes can run.
///
/// `name` is the name of the test, which runs in a process of its own.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn lack_of_descriptors<D: Driver>(name: &str, make: impl Fn() -> Result<D, Unavailable>) {
    if !alone(name, "ulimit -n 40") {
        return;
    }
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let all = taken.len();
    loop {
        match make() {
            Ok(driver) => {
                assert!(taken.len() < all, "nothing was refused, with no descriptor left");
                return driver.run(std::pin::pin!(std::future::ready(())));
            }
            Err(refusal) => assert!(refusal.cure.contains("ulimit -n"), "{refusal}"),
        }
        assert!(taken.pop().is_some(), "refused with all descriptors free");
    }
}
