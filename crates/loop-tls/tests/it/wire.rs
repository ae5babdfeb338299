//! Connections for the tests: both ends of one, on one loop.

use crate::pki::{acceptor, connector};
use core_loop::gather;
use core_loop::net::{TcpListener, TcpStream};
use futures_io::{AsyncRead, AsyncWrite};
use loop_io::{StreamReader, StreamWriter, streams};
use loop_tls::{TlsAcceptor, TlsConnector};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

pub(crate) const MIB: usize = 1 << 20;

/// Both halves of one end.
pub(crate) type End = (StreamReader, StreamWriter);

/// The two sockets of a connection: of the one who connected, and of the one who accepted.
pub(crate) async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ends = gather((async move { TcpStream::connect(address).await.unwrap() }, async move {
        listener.accept().await.unwrap().0
    }));
    ends.await.unwrap()
}

/// The same, as streams: no TLS yet.
pub(crate) async fn plain_ends() -> (End, End) {
    let (near, far) = sockets().await;
    (streams(near), streams(far))
}

/// Both handshakes over a connection, at the same time: the ends of those that succeed.
pub(crate) async fn shaken(
    connector: &TlsConnector,
    acceptor: &TlsAcceptor,
) -> (io::Result<End>, io::Result<End>) {
    let (mut near, mut far) = plain_ends().await;
    let (connector, acceptor) = (connector.clone(), acceptor.clone());
    let both =
        gather((async move { connector.start_tls(&mut near.0, &near.1).await.map(|()| near) }, async move {
            acceptor.start_tls(&mut far.0, &far.1).await.map(|()| far)
        }));
    both.await.unwrap()
}

/// The two ends of a connection with TLS: the client's, then the server's.
pub(crate) async fn ends() -> (End, End) {
    let (near, far) = shaken(&connector(), &acceptor()).await;
    (near.unwrap(), far.unwrap())
}

/// Lets what is on its way arrive: on virtual time nothing does while somebody is ready.
pub(crate) async fn a_while() {
    core_loop::sleep(Duration::from_millis(1)).await;
}

/// Polls `future` so often, a turn apart, and drops it. What it gave, if it was ready.
pub(crate) async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..times {
        let poll = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = poll {
            return Some(output);
        }
        core_loop::yield_now().await;
    }
    None
}

/// Writes all of it to a bare socket.
pub(crate) async fn send(socket: &mut TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let len = poll_fn(|cx| Pin::new(&mut *socket).poll_write(cx, bytes)).await.unwrap();
        bytes = &bytes[len..];
    }
}

/// What a bare socket has next; nothing at the end.
pub(crate) async fn receive(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 16 * 1024];
    let len = poll_fn(|cx| Pin::new(&mut *socket).poll_read(cx, &mut bytes)).await.unwrap();
    bytes.truncate(len);
    bytes
}
