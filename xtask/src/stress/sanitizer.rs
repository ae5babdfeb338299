//! Building for the thread sanitizer with a standard library that was built without it.

use crate::error::{Error, Result};
use crate::features;
use crate::processes::{self, BOUND, Keep};
use crate::workspace::Workspace;
use std::path::PathBuf;
use std::process::Command;

/// The one target that it is tried on.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What tells the sanitizer of the library's slow paths.
const SHIM: &str = "xtask/src/stress/thread-sanitizer.c";

/// The slow paths: how their mangled names begin and end, hashes in between, and what the shim calls them.
const SLOW_PATHS: &[(&str, &str)] = &[
    ("3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended", "LOCK"),
    ("3std3sys4sync7condvar5futexNtB2_7Condvar4wait", "WAIT"),
    ("3std3sys4sync7condvar5futexNtB2_7Condvar12wait_timeout", "WAIT_TIMEOUT"),
    ("3std3sys4sync4once5futexNtB5_4Once4call", "ONCE"),
];

/// Builds the program twice: once to learn the names of the slow paths, once with the shim around them.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("thread-sanitizer");
    let program = folder.join(TARGET).join("release/conformance-matrix");
    cargo(workspace, &[])?;
    let symbols = text(Command::new("nm").arg(&program))?;
    let shim = folder.join("shim.o");
    let mut cc = Command::new("cc");
    cc.current_dir(&workspace.root).args(["-O1", "-c", SHIM, "-o"]).arg(&shim);
    let mut link = vec![format!("-Clink-arg={}", shim.display())];
    for (end, name) in SLOW_PATHS {
        let symbol = symbols.split_whitespace().find(|symbol| symbol.ends_with(end)).ok_or_else(|| {
            Error::new(format!(
                "this nightly has no {end}: look in {SHIM} for what it is, and how it is called there now"
            ))
        })?;
        // A program that is linked with it already has both names.
        let symbol = symbol.trim_start_matches("__wrap_");
        cc.arg(format!("-D{name}={symbol}"));
        link.push(format!("-Clink-arg=-Wl,--wrap={symbol}"));
    }
    text(&mut cc)?;
    cargo(workspace, &link)?;
    Ok(program)
}

fn cargo(workspace: &Workspace, link: &[String]) -> Result<()> {
    let package = workspace.find("matrix")?;
    // Through rustup: cargo itself may have been told which toolchain it belongs to.
    let mut cargo = Command::new("rustup");
    cargo.current_dir(&workspace.root).args(["run", "nightly", "cargo", "rustc", "--release"]);
    cargo.args(["--target", TARGET, "-p", &package.name, "--bin", "conformance-matrix"]);
    cargo.args(features::of(package)?).arg("--").args(link);
    // The standard library is not built with it, unlike everything else.
    cargo.env("RUSTFLAGS", "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer");
    cargo.env("CARGO_TARGET_DIR", workspace.target.join("thread-sanitizer"));
    cargo.env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
    if !processes::run(&mut cargo, Keep::Nothing, BOUND)?.success {
        return Err(Error::new("the stress does not build; what the compiler says stands above"));
    }
    Ok(())
}

/// What a program prints, if it ends well.
fn text(command: &mut Command) -> Result<String> {
    let ended = processes::run(command, Keep::Both, BOUND)?;
    if ended.success { Ok(ended.stdout) } else { Err(Error::new(ended.stderr)) }
}
