//! Moving bytes, for the behaviours of sockets and pipes.

use futures_io::{AsyncRead, AsyncWrite};
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port of UDP where nobody listens, and which nobody else can have: its socket is connected to itself, so that the kernel
/// refuses the datagrams of all others.
pub(crate) fn a_dead_port() -> io::Result<(UdpSocket, SocketAddr)> {
    let holder = UdpSocket::bind("127.0.0.1:0")?;
    let address = holder.local_addr()?;
    holder.connect(address)?;
    Ok((holder, address))
}

/// Reads once.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| Pin::new(&mut *from).poll_read(cx, buffer)).await
}

/// Reads to the end.
pub(crate) async fn read_all(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match read(from, &mut buffer).await? {
            0 => return Ok(all),
            len => all.extend_from_slice(&buffer[..len]),
        }
    }
}

/// Writes all of it.
pub(crate) async fn write_all(to: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *to).poll_write(cx, bytes)).await?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Says that no more comes.
pub(crate) async fn close(to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut *to).poll_close(cx)).await
}

/// A name that no other behaviour has, in this process or another.
pub(crate) fn a_name() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    format!("anyloop-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed))
}

/// A path at which there is nothing.
pub(crate) fn a_path() -> std::path::PathBuf {
    std::env::temp_dir().join(a_name())
}
