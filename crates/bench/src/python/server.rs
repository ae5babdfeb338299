//! A Python that serves, for as long as it is asked.

use super::{NOT_FOUND, there_is_none, uvloop};
use crate::clock::Size;
use crate::table::Failure;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const ECHO: &str = include_str!("echo.py");

/// Killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already if it failed.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Starts an echo server, `carrier` being `asyncio` or `uvloop`, and `manner` `streams` or `protocol`.
pub(crate) fn serve(version: &str, size: Size, carrier: &str, manner: &str) -> Result<Server, Failure> {
    if carrier == "uvloop" {
        let python = uvloop::python(version, size)?;
        return begin(&python, None, carrier, manner)?
            .ok_or_else(|| Failure::broken(format!("{} ended at once", python.display())));
    }
    let program = format!("python{version}");
    for variable in super::ways(version) {
        if let Some(server) = begin(Path::new(&program), variable, carrier, manner)? {
            return Ok(server);
        }
    }
    Err(there_is_none(version))
}

/// `None` if there is no such program.
fn begin(
    program: &Path,
    variable: Option<(&str, &str)>,
    carrier: &str,
    manner: &str,
) -> Result<Option<Server>, Failure> {
    let mut command = Command::new(program);
    command.args(["-c", ECHO, carrier, manner]).envs(variable);
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    match line.trim().parse() {
        Ok(port) => Ok(Some(Server { child, port })),
        Err(_) => match child.wait()?.code() {
            Some(NOT_FOUND) => Ok(None),
            code => {
                Err(Failure::broken(format!("{} told no port, and ended with {code:?}", program.display())))
            }
        },
    }
}
