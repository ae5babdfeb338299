//! The same echo by Python, on its own loop or on uvloop.

use super::ask::{Clock, Talk};
use super::computed::Computed;
use crate::clock::Size;
use crate::python::{self, Server};
use crate::table::Failure;
use nix::unistd::Pid;
use std::net::{Ipv4Addr, SocketAddr};

/// Over streams, as its users write it.
pub(super) fn wall(size: Size, talk: Talk) -> Result<f64, Failure> {
    ask(&python::serve("3.13", size, "asyncio", "streams")?, size, talk, Clock::Wall)
}

/// What the server computes, `manner` being `streams` or `protocol`.
pub(super) fn cpu(size: Size, talk: Talk, carrier: &str, manner: &str) -> Result<f64, Failure> {
    let server = python::serve("3.13", size, carrier, manner)?;
    let pid = i32::try_from(server.id()).map_err(Failure::broken)?;
    let computed = Computed::by_program(Pid::from_raw(pid));
    ask(&server, size, talk, Clock::Server(computed))
}

fn ask(server: &Server, size: Size, talk: Talk, clock: Clock) -> Result<f64, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    Ok(talk.ask(address, size, &clock)?)
}
