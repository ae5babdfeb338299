//! What the compiler says to a function that captures, in a project of its own.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const MAIN: &str = "
fn main() {
    let factor = 3_u64;
    let pool = process_executor::ProcessPool::builder().build().unwrap();
    let _job = process_executor::ExecutorExt::try_submit(&pool, process_executor::call(move |n: u64| n * factor, 2));
}
";

#[test]
fn the_compiler_refuses_a_function_that_captures_in_words() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("captures");
    fs::create_dir_all(project.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"captures\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         process-executor = {{ package = \"anyloop-process-executor\", path = {here:?} }}\n"
    );
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    fs::write(project.join("src/main.rs"), MAIN).unwrap();
    // The versions of the workspace, which have been fetched.
    fs::copy(here.join("../../Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--quiet"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it must not compile");
    let first = words.lines().next().unwrap_or_default();
    assert!(first.starts_with("error[E0080]") && first.contains("may not capture anything"), "{words}");
    assert!(words.contains("src/main.rs:5:"), "it points at the call: {words}");
}
