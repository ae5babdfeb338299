//! `datagram`: protocols that are called for each datagram.

use super::bytes::{a_dead_port, a_name};
use super::wire::until;
use super::{Loops, Trace, quiet_panic};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::net::{UdpSocket, UnixAddress, UnixDatagram};
use loop_io::{DatagramEndpoint, DatagramProtocol, DatagramSocket, DatagramTransport};

/// Notes what it is told.
struct Noting(Trace<String>);

impl<S: DatagramSocket> DatagramProtocol<S> for Noting {
    fn connection_made(&mut self, _: DatagramTransport<S>) {
        self.0.note("made".into());
    }

    fn datagram_received(&mut self, data: &[u8], _: S::Address) {
        if data == b"panic" {
            quiet_panic("a protocol");
        }
        self.0.note(String::from_utf8_lossy(data).into_owned());
    }

    fn error_received(&mut self, error: std::io::Error) {
        self.0.note(format!("{:?}", error.kind()));
    }

    fn connection_lost(&mut self) {
        self.0.note("lost".into());
    }
}

pub(super) fn calls_come_in_order_and_close_sends_what_is_queued(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let endpoint = DatagramEndpoint::bound_to("127.0.0.1:0");
        let (transport, _) = endpoint.create(move || Noting(told)).await?;
        let other = UdpSocket::bind("127.0.0.1:0").await?;
        for word in ["one", "two"] {
            other.send_to(word.as_bytes(), transport.local_addr()?).await?;
        }
        until(|| trace.seen().len() == 3).await;
        for word in ["three", "four"] {
            transport.sendto(word.as_bytes(), other.local_addr()?);
        }
        transport.close();
        transport.sendto(b"too late", other.local_addr()?);
        let mut buffer = [0; 16];
        for word in ["three", "four"] {
            let (len, _) = other.recv_from(&mut buffer).await?;
            same("what was sent", &buffer[..len], word.as_bytes())?;
        }
        until(|| trace.seen().len() == 4).await;
        same("the calls", trace.seen(), ["made", "one", "two", "lost"])
    })
}

pub(super) fn survives_unreachable_peer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let (dead, address) = a_dead_port()?;
        let endpoint = DatagramEndpoint::bound_to("127.0.0.1:0").connected_to(address);
        let (transport, _) = endpoint.create(move || Noting(told)).await?;
        transport.send(b"is anybody there?");
        until(|| trace.seen().len() == 2).await;
        dead.send_to(b"now there is", transport.local_addr()?)?;
        until(|| trace.seen().len() == 3).await;
        transport.abort();
        until(|| trace.seen().len() == 4).await;
        same("the calls", trace.seen(), ["made", "ConnectionRefused", "now there is", "lost"])
    })
}

pub(super) fn protocol_that_panics_loses_its_endpoint_only(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (trace, reports) = (Trace::new(), Trace::new());
        let (told, reported) = (trace.clone(), reports.clone());
        super::here().set_exception_handler(move |_, context| {
            reported.note(context.panic.map_or_else(String::new, |panic| panic.message().to_owned()));
        });
        let (transport, _) = DatagramEndpoint::bound_to("127.0.0.1:0").create(move || Noting(told)).await?;
        let other = UdpSocket::bind("127.0.0.1:0").await?;
        other.send_to(b"panic", transport.local_addr()?).await?;
        until(|| trace.seen().len() == 2).await;
        same("the calls", trace.seen(), ["made", "lost"])?;
        same("the report", reports.seen(), ["a protocol"])?;
        ensure(transport.is_closing(), "the endpoint is open")
    })
}

/// Sends back what it gets, to whoever sent it.
struct Back(Option<DatagramTransport<UnixDatagram>>);

impl DatagramProtocol<UnixDatagram> for Back {
    fn connection_made(&mut self, transport: DatagramTransport<UnixDatagram>) {
        self.0 = Some(transport);
    }

    fn datagram_received(&mut self, data: &[u8], from: UnixAddress) {
        if let Some(transport) = &self.0 {
            transport.sendto(data, from);
        }
    }
}

pub(super) fn unix_datagrams_are_called_as_others(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let [name, other_name] = [(); 2].map(|()| format!("\0{}", a_name()));
        let (transport, _back) = DatagramTransport::new(UnixDatagram::bind(&name)?, Back(None));
        let other = UnixDatagram::bind(&other_name)?;
        let mut buffer = [0; 16];
        // More than a queue holds, and nobody takes the answers meanwhile.
        for number in 0..100_u32 {
            other.send_to(&number.to_le_bytes(), &name).await?;
        }
        for number in 0..100_u32 {
            let (len, from) = other.recv_from(&mut buffer).await?;
            same("a datagram", &buffer[..len], number.to_le_bytes())?;
            same("its sender", from.as_abstract_name(), Some(&name.as_bytes()[1..]))?;
        }
        transport.close();
        // To nobody.
        let trace = Trace::new();
        let (ours, theirs) = UnixDatagram::pair()?;
        let (transport, _) = DatagramTransport::new(ours, Noting(trace.clone()));
        theirs.send(b"hello").await?;
        until(|| trace.seen().len() == 2).await;
        drop(theirs);
        transport.send(b"is anybody there?");
        until(|| trace.seen().len() == 3).await;
        transport.abort();
        until(|| trace.seen().len() == 4).await;
        let seen = trace.seen();
        same("the first calls", &seen[..2], ["made", "hello"])?;
        // The kernel has two words for it.
        ensure(
            ["ConnectionRefused", "ConnectionReset", "NotConnected"].contains(&&*seen[2]),
            format!("{seen:?}"),
        )?;
        same("the last call", seen[3].as_str(), "lost")
    })
}

pub(super) fn broadcast_must_be_allowed(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for allowed in [false, true] {
            let trace = Trace::new();
            let told = trace.clone();
            let endpoint = DatagramEndpoint::bound_to("0.0.0.0:0").allow_broadcast(allowed);
            let (transport, _) = endpoint.create(move || Noting(told)).await?;
            until(|| trace.seen().len() == 1).await;
            // On the loopback nobody else hears it.
            transport.sendto(b"anybody?", ([127, 255, 255, 255], 9));
            transport.close();
            until(|| trace.seen().last().is_some_and(|last| last == "lost")).await;
            let refused = trace.seen().iter().any(|call| call == "PermissionDenied");
            same("whether it was refused", refused, !allowed)?;
        }
        Ok(())
    })
}
