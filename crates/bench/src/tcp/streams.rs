//! The same echo over streams, and over a protocol: what buffers, water marks and calls cost above the bare socket.

use super::echo::ask;
use crate::clock::Size;
use crate::host::ANY_PORT;
use crate::table::Failure;
use loop_io::{
    BaseProtocol, Protocol, Server, StreamReader, StreamWriter, Transport, create_server, start_server,
};
use std::io;

const ROUNDS: u32 = 200;

/// `StreamReader` and `StreamWriter`, a task a connection.
pub(super) fn over_streams(size: Size) -> Result<f64, Failure> {
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
    served(size, async || start_server(echo, ANY_PORT).await)
}

/// The same, out of the reader's buffer.
pub(super) fn over_buffers(size: Size) -> Result<f64, Failure> {
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
    served(size, async || start_server(echo, ANY_PORT).await)
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
pub(super) fn over_a_protocol(size: Size) -> Result<f64, Failure> {
    served(size, async || create_server(Echo::default, ANY_PORT).await)
}

fn served(size: Size, start: impl AsyncFnOnce() -> io::Result<Server>) -> Result<f64, Failure> {
    core_loop::run(async {
        let server = start().await?;
        let address = server.addresses()[0];
        let asking = core_loop::to_thread(move || ask(address, 1, size, size.operations(ROUNDS)));
        Ok(asking.await.map_err(Failure::broken)??)
    })?
}
