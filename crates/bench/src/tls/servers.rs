//! Servers of TLS, as their users write them: our streams, and tokio-rustls.

use crate::host::Host;
use crate::hosts::ours::{Make, Ours};
use crate::hosts::raw::TokioLocalSet;
use loop_io::{StreamReader, StreamWriter, streams};
use loop_tls::TlsAcceptor;
use loop_tls::rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A loop on which TLS can be served.
pub(super) trait TlsHost: Host {
    type Acceptor: Clone + 'static;
    type Tls: 'static;

    fn acceptor(config: Arc<ServerConfig>) -> Self::Acceptor;
    async fn shake(acceptor: &Self::Acceptor, stream: Self::Stream) -> io::Result<Self::Tls>;
    async fn receive(tls: &mut Self::Tls, buffer: &mut [u8]) -> io::Result<usize>;
    /// All of it, and nothing is kept.
    async fn send(tls: &mut Self::Tls, bytes: &[u8]) -> io::Result<()>;
}

impl<D: Make> TlsHost for Ours<D> {
    type Acceptor = TlsAcceptor;
    type Tls = (StreamReader, StreamWriter);

    fn acceptor(config: Arc<ServerConfig>) -> TlsAcceptor {
        config.into()
    }

    async fn shake(acceptor: &TlsAcceptor, stream: Self::Stream) -> io::Result<Self::Tls> {
        let (mut reader, writer) = streams(stream);
        acceptor.start_tls(&mut reader, &writer).await?;
        Ok((reader, writer))
    }

    async fn receive((reader, _): &mut Self::Tls, buffer: &mut [u8]) -> io::Result<usize> {
        smol::io::AsyncReadExt::read(reader, buffer).await
    }

    async fn send((_, writer): &mut Self::Tls, bytes: &[u8]) -> io::Result<()> {
        writer.write(bytes)?;
        Ok(writer.flush().await?)
    }
}

impl TlsHost for TokioLocalSet {
    type Acceptor = tokio_rustls::TlsAcceptor;
    type Tls = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;

    fn acceptor(config: Arc<ServerConfig>) -> Self::Acceptor {
        config.into()
    }

    async fn shake(acceptor: &Self::Acceptor, stream: Self::Stream) -> io::Result<Self::Tls> {
        acceptor.accept(stream).await
    }

    async fn receive(tls: &mut Self::Tls, buffer: &mut [u8]) -> io::Result<usize> {
        tls.read(buffer).await
    }

    async fn send(tls: &mut Self::Tls, bytes: &[u8]) -> io::Result<()> {
        tls.write_all(bytes).await?;
        tls.flush().await
    }
}
