//! An echo over TLS, and a client that knows whom it talks to.
//!
//! ```python
//! import asyncio, ssl, subprocess, tempfile
//!
//! async def echo(reader, writer):
//!     while line := await reader.readline():
//!         writer.write(line)
//!         await writer.drain()
//!     writer.close()
//!
//! def contexts():
//!     with tempfile.TemporaryDirectory() as place:
//!         cert, key = f"{place}/cert.pem", f"{place}/key.pem"
//!         make = "openssl req -x509 -nodes -newkey rsa:2048 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
//!         subprocess.run([*make.split(), "-out", cert, "-keyout", key], check=True, capture_output=True)
//!         server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
//!         server.load_cert_chain(cert, key)
//!         client = ssl.create_default_context(cafile=cert)
//!     for context in (server, client):
//!         context.set_alpn_protocols(["echo/1"])
//!     return server, client
//!
//! async def main():
//!     theirs, ours = contexts()
//!     server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=theirs)
//!     host, port = server.sockets[0].getsockname()
//!     reader, writer = await asyncio.open_connection(host, port, ssl=ours, server_hostname="localhost")
//!     writer.write(b"hello\n")
//!     print("received:", (await reader.readline()).decode().strip())
//!     tls = writer.get_extra_info("ssl_object")
//!     print("spoken:", tls.selected_alpn_protocol(), "over", tls.version())
//!     writer.close()
//!     await writer.wait_closed()
//!     server.close()
//!
//! asyncio.run(main())
//! ```

use loop_io::{StreamReader, StreamWriter};
use loop_tls::{Certificates, ConfigError, Identity, TlsAcceptor, TlsConnector, TlsSession};
use std::error::Error;
use std::io;

/// What is spoken above TLS.
const PROTOCOL: &str = "echo/1";

// ANCHOR: serve
/// Sends back each line. What it talks over, it does not know.
///
/// # Errors
///
/// What the connection says.
pub async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    while let Some(line) = reader.next_line().await? {
        writer.write(format!("{line}\n").as_bytes())?;
        writer.drain().await?;
    }
    Ok(())
}

fn acceptor(shown: Identity) -> Result<TlsAcceptor, ConfigError> {
    TlsAcceptor::builder(shown).alpn([PROTOCOL]).build()
}
// ANCHOR_END: serve

fn connector(trusted: Certificates) -> Result<TlsConnector, ConfigError> {
    TlsConnector::builder().roots(trusted).alpn([PROTOCOL]).build()?.server_name("localhost")
}

// ANCHOR: ask
/// Serves, and asks, over TLS.
///
/// # Errors
///
/// No certificate can be made; and what the connection says.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let (shown, trusted) = self_signed()?;
    let server = acceptor(shown)?.start_server(echo, "127.0.0.1:0").await?;
    let (mut reader, writer) = connector(trusted)?.open_connection(server.addresses()[0]).await?;
    writer.write(b"hello\n")?;
    println!("received: {}", reader.next_line().await?.unwrap_or_default());
    let session: TlsSession = writer.get_extra_info().ok_or("the connection is gone")?;
    let spoken = String::from_utf8_lossy(session.alpn().unwrap_or_default());
    println!("spoken: {spoken} over {}", session.version());
    writer.close();
    writer.wait_closed().await?;
    server.close();
    Ok(())
}
// ANCHOR_END: ask

/// A certificate for this run. A real one comes from an authority, in files: `Identity::from_pem_files`.
fn self_signed() -> Result<(Identity, Certificates), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.pem();
    let shown = Identity::from_pem(&certificate, made.signing_key.serialize_pem())?;
    Ok((shown, Certificates::from_pem(certificate)?))
}
