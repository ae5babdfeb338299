//! Python as a peer: its scripts measure themselves, in the manner of `clock`, and print one number.

mod server;
mod uvloop;

use crate::clock::Size;
use crate::table::Failure;
use std::io::ErrorKind;
use std::process::{Command, Output};

pub(crate) use server::{Server, serve};

const ASYNCIO: &str = concat!(include_str!("python/clock.py"), include_str!("python/asyncio.py"));
const PROCESS: &str = concat!(include_str!("python/clock.py"), include_str!("python/process.py"));

/// What a shell says, and pyenv after it, of a program that is not there.
const NOT_FOUND: i32 = 127;

/// Python's own loop: one operation, of which a batch has `operations`.
pub(crate) fn asyncio(size: Size, batch: &str, operations: u32) -> Result<f64, Failure> {
    measure("3.13", ASYNCIO, size, batch, operations)
}

/// One call through a `ProcessPoolExecutor` of two workers.
pub(crate) fn process(version: &str, size: Size, batch: &str, calls: u32) -> Result<f64, Failure> {
    measure(version, PROCESS, size, batch, calls)
}

fn measure(version: &str, script: &str, size: Size, batch: &str, operations: u32) -> Result<f64, Failure> {
    let smoke = (size == Size::Smoke).to_string();
    let output = start(version, script, &[batch, &size.operations(operations).to_string(), &smoke])?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match printed.trim().parse() {
        Ok(value) if output.status.success() => Ok(value),
        _ => {
            let words = String::from_utf8_lossy(&output.stderr);
            Err(Failure::broken(format!("python{version} ended with {}: {}", output.status, words.trim())))
        }
    }
}

/// A Python is started by its own name, and then by that name in pyenv, which hides those that it was not asked for.
fn ways(version: &str) -> [Option<(&'static str, &str)>; 2] {
    [None, Some(("PYENV_VERSION", version))]
}

fn there_is_none(version: &str) -> Failure {
    Failure::CannotRunHere(format!(
        "there is no python{version} on the PATH; cure: install Python {version}, or go without this peer"
    ))
}

fn start(version: &str, script: &str, words: &[&str]) -> Result<Output, Failure> {
    for variable in ways(version) {
        let mut command = Command::new(format!("python{version}"));
        match command.args(["-c", script]).args(words).envs(variable).output() {
            Ok(output) if output.status.code() != Some(NOT_FOUND) => return Ok(output),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::broken(format!("python{version} does not start: {error}"))),
        }
    }
    Err(there_is_none(version))
}
