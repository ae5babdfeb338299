//! uvloop as a peer: installed once, beside this program, in an environment of its own.

use crate::clock::Size;
use crate::table::Failure;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one that is measured.
const RELEASE: &str = "uvloop==0.23.0";

/// The Python that has it. Installs it if it is not there, but not for a smoke, which shall need no network.
pub(super) fn python(version: &str, size: Size) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    // Not beside the program, but beside its profile: one for all of them.
    let target = program.ancestors().nth(2).ok_or_else(|| Failure::broken("this program stands nowhere"))?;
    let home = target.join(format!("python{version}-uvloop"));
    let python = home.join("bin/python");
    if !has_uvloop(&python) {
        if size == Size::Smoke {
            return Err(cannot("it is not installed, and a smoke installs nothing"));
        }
        install(version, &home, &python)?;
    }
    Ok(python)
}

fn has_uvloop(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import uvloop"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn install(version: &str, home: &Path, python: &Path) -> Result<(), Failure> {
    let program = format!("python{version}");
    let made = super::ways(version).into_iter().any(|variable| {
        let mut command = Command::new(&program);
        command.args(["-m", "venv", "--clear"]).arg(home).envs(variable);
        said(&mut command).is_ok()
    });
    if !made {
        return Err(cannot(&format!("{program} makes no environment at {}", home.display())));
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", RELEASE]);
    said(&mut pip).map_err(|why| cannot(&format!("pip does not install it: {why}")))
}

/// Runs it to its end; if that is not good, what it said.
fn said(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            Err(words.lines().last().unwrap_or("it does not say why").replace('"', "'"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err("there is no such program".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn cannot(why: &str) -> Failure {
    Failure::CannotRunHere(format!(
        "no {RELEASE}: {why}; cure: `cargo xtask bench --only tcp` with a network, or go without this peer"
    ))
}
