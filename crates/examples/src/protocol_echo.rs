//! A server and a client that are called, instead of waiting.
//!
//! ```python
//! import asyncio
//!
//! class Echo(asyncio.Protocol):
//!     def connection_made(self, transport):
//!         self.transport = transport
//!
//!     def data_received(self, data):
//!         self.transport.write(data)
//!
//! class Ask(asyncio.Protocol):
//!     def __init__(self, over):
//!         self.over, self.answer = over, b""
//!
//!     def connection_made(self, transport):
//!         transport.write(b"hello")
//!         transport.write_eof()
//!
//!     def data_received(self, data):
//!         self.answer += data
//!
//!     def connection_lost(self, error):
//!         print("received:", self.answer.decode())
//!         print("lost:", error)
//!         self.over.set_result(None)
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!     server = await loop.create_server(Echo, "127.0.0.1", 0)
//!     over = loop.create_future()
//!     await loop.create_connection(lambda: Ask(over), *server.sockets[0].getsockname())
//!     await over
//!     server.close()
//!
//! asyncio.run(main())
//! ```

use core_loop::Future;
use loop_io::{BaseProtocol, Lost, Protocol, Transport, create_connection, create_server};
use std::error::Error;
use std::io;

// ANCHOR: protocol
/// Sends back what it gets.
#[derive(Debug, Default)]
pub struct Echo {
    transport: Option<Transport>,
}

impl BaseProtocol for Echo {
    fn connection_made(&mut self, transport: Transport) {
        self.transport = Some(transport);
    }
}

impl Protocol for Echo {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        let transport = self.transport.as_ref().expect("the connection is made first");
        Ok(transport.write(data)?)
    }
}
// ANCHOR_END: protocol

/// Says hello, and collects the answer.
#[derive(Debug)]
pub struct Ask {
    over: Future<()>,
    answer: Vec<u8>,
}

impl BaseProtocol for Ask {
    fn connection_made(&mut self, transport: Transport) {
        // Should it fail, the connection is lost, and that is told below.
        let _lost = transport.write(b"hello");
        transport.write_eof();
    }

    fn connection_lost(&mut self, error: Option<Lost>) {
        println!("received: {}", String::from_utf8_lossy(&self.answer));
        println!("lost: {}", error.map_or_else(|| "None".to_owned(), |error| error.to_string()));
        let _nobody_else_sets_it = self.over.set_result(());
    }
}

impl Protocol for Ask {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        self.answer.extend_from_slice(data);
        Ok(())
    }
}

// ANCHOR: serve
/// Asks an echo, and waits until the connection is over.
///
/// # Errors
///
/// What the connection says.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let server = create_server(Echo::default, "127.0.0.1:0").await?;
    let over = Future::new();
    let ask = || Ask { over: over.clone(), answer: Vec::new() };
    create_connection(ask, server.addresses()[0]).await?;
    over.await?;
    server.close();
    Ok(())
}
// ANCHOR_END: serve
