//! `udp`: datagrams.

use super::Loops;
use super::bytes::a_dead_port;
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::net::UdpSocket;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Waker};

pub(super) fn a_datagram_arrives_with_its_sender(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let server = UdpSocket::bind("127.0.0.1:0").await?;
        let client = UdpSocket::bind("127.0.0.1:0").await?;
        let mut buffer = [0; 16];
        {
            let mut given_up = pin!(server.recv_from(&mut buffer));
            let cx = &mut Context::from_waker(Waker::noop());
            ensure(given_up.as_mut().poll(cx).is_pending(), "there is nothing to receive yet")?;
            client.connect(server.local_addr()?).await?;
            client.send(b"ping").await?;
        }
        let (len, from) = server.recv_from(&mut buffer).await?;
        same("the datagram", (&buffer[..len], from), (&b"ping"[..], client.local_addr()?))?;
        server.send_to(b"pong!", from).await?;
        same("the answer", client.recv(&mut buffer).await?, 5)?;
        server.set_broadcast(true)?;
        same("broadcasting", (server.broadcast()?, client.broadcast()?), (true, false))
    })
}

pub(super) fn a_dead_port_is_told_and_the_socket_goes_on(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let client = UdpSocket::bind("127.0.0.1:0").await?;
        let (dead, address) = a_dead_port()?;
        client.connect(address).await?;
        client.send(b"is anybody there?").await?;
        let mut buffer = [0; 16];
        let refused = client.recv(&mut buffer).await.map_err(|error| error.kind());
        same("the answer", refused, Err(ErrorKind::ConnectionRefused))?;
        dead.connect(client.local_addr()?)?;
        client.send(b"again").await?;
        same("what arrives now", dead.recv(&mut buffer)?, 5)?;
        dead.send(b"back")?;
        same("and comes back", client.recv(&mut buffer).await?, 4)
    })
}
