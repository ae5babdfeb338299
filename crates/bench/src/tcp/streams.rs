//! The same echo over streams, and over a protocol: what buffers, water marks and calls cost above the bare socket.

use super::ask::{Clock, Talk};
use super::computed::Computed;
use super::stay;
use crate::clock::Size;
use crate::host::ANY_PORT;
use crate::hosts::ours::Make;
use crate::table::Failure;
use loop_io::{
    BaseProtocol, Protocol, Server, StreamReader, StreamWriter, Transport, create_server, start_server,
};
use std::io;

const ONE: Talk = Talk::of_64_bytes(1, 200);
const MANY: Talk = Talk::of_64_bytes(64, 10);

/// `StreamReader` and `StreamWriter`, a task a connection.
async fn streams() -> io::Result<Server> {
    async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
        loop {
            let bytes = reader.read(1024).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            writer.write(&bytes)?;
            writer.drain().await?;
        }
    }
    start_server(echo, ANY_PORT).await
}

/// The same, out of the reader's buffer.
async fn buffers() -> io::Result<Server> {
    async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
        loop {
            let bytes = reader.fill().await?;
            if bytes.is_empty() {
                return Ok(());
            }
            writer.write(bytes)?;
            let len = bytes.len();
            reader.consume(len);
            writer.drain().await?;
        }
    }
    start_server(echo, ANY_PORT).await
}

#[derive(Default)]
struct Echo(Option<Transport>);

impl BaseProtocol for Echo {
    fn connection_made(&mut self, transport: Transport) {
        self.0 = Some(transport);
    }
}

impl Protocol for Echo {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |transport| Ok(transport.write(data)?))
    }
}

/// A protocol that is called.
async fn protocol() -> io::Result<Server> {
    create_server(Echo::default, ANY_PORT).await
}

pub(super) fn over_streams<D: Make>(size: Size) -> Result<f64, Failure> {
    served::<D>(size, ONE, false, streams)
}

pub(super) fn over_buffers<D: Make>(size: Size) -> Result<f64, Failure> {
    served::<D>(size, ONE, false, buffers)
}

pub(super) fn over_a_protocol<D: Make>(size: Size) -> Result<f64, Failure> {
    served::<D>(size, ONE, false, protocol)
}

pub(super) fn streams_cpu<D: Make>(size: Size) -> Result<f64, Failure> {
    served::<D>(size, MANY, true, streams)
}

pub(super) fn protocol_cpu<D: Make>(size: Size) -> Result<f64, Failure> {
    served::<D>(size, MANY, true, protocol)
}

fn served<D: Make>(
    size: Size,
    talk: Talk,
    cpu: bool,
    start: impl AsyncFnOnce() -> io::Result<Server>,
) -> Result<f64, Failure> {
    core_loop::run_on(D::make, async {
        let server = start().await?;
        let clock = if cpu { Clock::Server(Computed::by_this_thread()) } else { Clock::Wall };
        let client = talk.begin(server.addresses()[0], size, stay, clock);
        let asked = core_loop::to_thread(move || client.join());
        Ok(asked.await.map_err(Failure::broken)?.map_err(|_| Failure::broken("the client panicked"))??)
    })?
}
