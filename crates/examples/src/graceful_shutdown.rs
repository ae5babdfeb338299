//! A server that stops without cutting anybody off.
//!
//! ```python
//! import asyncio
//!
//! async def shout(reader, writer):
//!     while line := await reader.readline():
//!         writer.write(line.upper())
//!         await writer.drain()
//!     writer.close()
//!
//! async def ask(reader, writer, line):
//!     writer.write(line)
//!     print((await reader.readline()).decode().rstrip())
//!
//! async def main():
//!     server = await asyncio.start_server(shout, "127.0.0.1", 0)
//!     address = server.sockets[0].getsockname()
//!     reader, writer = await asyncio.open_connection(*address)
//!     await ask(reader, writer, b"hello\n")
//!     server.close()
//!     try:
//!         await asyncio.open_connection(*address)
//!     except ConnectionRefusedError:
//!         print("no new connections")
//!     await ask(reader, writer, b"still here\n")
//!     writer.close()
//!     await server.wait_closed()
//!     print("the last client has gone")
//!
//! asyncio.run(main())
//! ```

use loop_io::{StreamReader, StreamWriter, open_connection, start_server};
use std::io::{self, ErrorKind};

// ANCHOR: serve
/// Answers each line in capitals. When it returns, what was written is sent, and the connection closes.
///
/// # Errors
///
/// What the connection says, and a line that is no text.
pub async fn shout(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    while let Some(line) = reader.next_line().await? {
        writer.write(format!("{}\n", line.to_uppercase()).as_bytes())?;
        writer.drain().await?;
    }
    Ok(())
}
// ANCHOR_END: serve

async fn ask(reader: &mut StreamReader, writer: &StreamWriter, line: &[u8]) -> io::Result<()> {
    writer.write(line)?;
    println!("{}", reader.next_line().await?.unwrap_or_default());
    Ok(())
}

// ANCHOR: main
/// Closes the server while a client is there, who is served to the end.
///
/// # Errors
///
/// What a connection says.
pub async fn main() -> io::Result<()> {
    let server = start_server(shout, "127.0.0.1:0").await?;
    let address = server.addresses()[0];
    let (mut reader, writer) = open_connection(address).await?;
    ask(&mut reader, &writer, b"hello\n").await?;
    server.close();
    match open_connection(address).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => println!("no new connections"),
        other => drop(other?),
    }
    ask(&mut reader, &writer, b"still here\n").await?;
    writer.close();
    server.wait_closed().await;
    println!("the last client has gone");
    Ok(())
}
// ANCHOR_END: main
