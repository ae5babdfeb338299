//! `udp`: datagrams.

use super::Loops;
use super::bytes::a_dead_port;
use crate::Subject;
use crate::behaviour::{Miss, Verdict, ensure, same};
use core_loop::net::UdpSocket;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
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

pub(super) fn a_group_hears_what_is_sent_to_it(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // One for each process: somebody else may listen, too.
        let id = std::process::id().to_le_bytes();
        let (group, here) = (Ipv4Addr::new(239, id[2] | 1, id[1], id[0]), Ipv4Addr::LOCALHOST);
        let member = UdpSocket::bind("0.0.0.0:0").await?;
        let to = (group, member.local_addr()?.port());
        let sender = UdpSocket::bind("127.0.0.1:0").await?;
        sender.set_multicast_loop_v4(true)?;
        sender.set_multicast_ttl_v4(0)?;
        member.join_multicast_v4(group, here)?;
        match sender.send_to(b"everybody", to).await {
            Err(error) if error.kind() == ErrorKind::NetworkUnreachable => {
                return Err(Miss::Skip(format!("the loopback carries no multicast here: {error}")));
            }
            sent => sent?,
        };
        let mut buffer = [0; 16];
        let (len, from) = member.recv_from(&mut buffer).await?;
        same("what the group hears", (&buffer[..len], from), (&b"everybody"[..], sender.local_addr()?))?;
        member.leave_multicast_v4(group, here)?;
        sender.send_to(b"nobody", to).await?;
        // Had it heard that, this would come second.
        sender.send_to(b"you", ([127, 0, 0, 1], to.1)).await?;
        let (len, _) = member.recv_from(&mut buffer).await?;
        same("what it hears now", &buffer[..len], b"you")
    })
}
