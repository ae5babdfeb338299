//! A client's connection.

use crate::AnyError;
use crate::io::Io;
use core_loop::net::Address;
use core_loop::spawn;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use loop_io::Connect;
use std::io;

/// Connects to `address`, and gives what sends requests over that connection, one after the other. `B` is the body of the
/// requests.
///
/// The connection is a task of its own. It ends when the sender is dropped and the last answer has been read.
///
/// # Errors
///
/// Refused, unreachable, an unknown host: the error names what was tried.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what it has begun to connect.
pub async fn connect<B>(address: impl Into<Address>) -> io::Result<SendRequest<B>>
where
    B: Body<Data: Send, Error: Into<AnyError>> + 'static,
{
    let stream = Connect::new().connect(address).await?;
    handshake(stream).await.map_err(io::Error::other)
}

/// The same, over a connection that is there already: of a Unix socket, with TLS, in memory.
///
/// # Errors
///
/// What hyper says.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes the stream.
pub async fn handshake<B>(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
) -> Result<SendRequest<B>, hyper::Error>
where
    B: Body<Data: Send, Error: Into<AnyError>> + 'static,
{
    let (sender, connection) = http1::handshake(Io::new(stream)).await?;
    spawn(async move {
        // Whoever waits for an answer is told what went wrong.
        let _told = connection.await;
    })
    .named("http client")
    .detach();
    Ok(sender)
}
