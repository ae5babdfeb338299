//! `transport`: connections that call their protocols.

use super::bytes::a_name;
use super::wire::{End, a_while, fill, reports, sockets, until};
use super::{Loops, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use loop_io::{
    BaseProtocol, Lost, Protocol, ProtocolHandle, Transport, WriteError, WriteLimits, create_unix_connection,
    create_unix_server, streams,
};
use std::io;

/// Notes what it is told.
#[derive(Default)]
struct Told {
    told: Vec<String>,
    received: usize,
    keeps_open: bool,
    pauses_at_once: bool,
    /// What comes of what it is given.
    answer: Option<fn() -> io::Result<()>>,
}

impl BaseProtocol for Told {
    fn connection_made(&mut self, transport: Transport) {
        self.told.push("made".to_owned());
        if self.pauses_at_once {
            transport.pause_reading();
        }
    }

    fn connection_lost(&mut self, error: Option<Lost>) {
        self.told.push(error.map_or_else(|| "lost".to_owned(), |error| format!("lost: {:?}", error.kind())));
    }

    fn pause_writing(&mut self) {
        self.told.push("pause".to_owned());
    }

    fn resume_writing(&mut self) {
        self.told.push("resume".to_owned());
    }
}

impl Protocol for Told {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        // Once for a run of bytes: where they are cut is the network's.
        if self.told.last().is_none_or(|last| last != "data") {
            self.told.push("data".to_owned());
        }
        self.received += data.len();
        self.answer.map_or(Ok(()), |answer| answer())
    }

    fn eof_received(&mut self) -> bool {
        self.told.push("eof".to_owned());
        self.keeps_open
    }
}

/// A transport, its protocol, and streams at the other end.
async fn told(protocol: Told) -> Result<(Transport, ProtocolHandle<Told>, End), Miss> {
    let (near, far) = sockets().await?;
    let (transport, protocol) = Transport::new(near, protocol);
    Ok((transport, protocol, streams(far)))
}

fn so_far(protocol: &ProtocolHandle<Told>) -> Vec<String> {
    protocol.with(|told| told.told.clone())
}

/// Writes more than can be sent at once; how much.
fn filled(transport: &Transport) -> Result<usize, Miss> {
    fill(|bytes| transport.write(bytes), || transport.get_write_buffer_size())
}

/// What was told, when `last` was.
async fn up_to(protocol: &ProtocolHandle<Told>, last: &str) -> Vec<String> {
    until(|| protocol.with(|told| told.told.iter().any(|it| it.starts_with(last)))).await;
    turns(2).await;
    so_far(protocol)
}

pub(super) fn callback_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (_transport, protocol, (_reader, writer)) = told(Told::default()).await?;
        same("before anything came", so_far(&protocol), ["made"])?;
        writer.write(b"some bytes")?;
        up_to(&protocol, "data").await;
        writer.write_eof();
        same("what was told", up_to(&protocol, "lost").await, ["made", "data", "eof", "lost"])?;
        same("the bytes", protocol.with(|told| told.received), 10)
    })
}

pub(super) fn close_flushes(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (mut reader, _writer)) = told(Told::default()).await?;
        let sent = filled(&transport)?;
        transport.close();
        same("right after the close", so_far(&protocol), ["made", "pause"])?;
        same("what the peer receives", reader.read_to_end().await?.len(), sent)?;
        same("what was told", up_to(&protocol, "lost").await, ["made", "pause", "resume", "lost"])
    })
}

pub(super) fn abort_discards(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (mut reader, _writer)) = told(Told::default()).await?;
        let sent = filled(&transport)?;
        transport.abort();
        same("what is kept", transport.get_write_buffer_size(), 0)?;
        same("inside the abort", so_far(&protocol), ["made", "pause"])?;
        turns(2).await;
        same("soon", so_far(&protocol), ["made", "pause", "lost"])?;
        let came = reader.read_to_end().await.map_or(0, |came| came.len());
        ensure(came < sent, "all came although it was aborted")
    })
}

pub(super) fn write_after_close_is_no_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (mut reader, _writer)) = told(Told::default()).await?;
        let sent = filled(&transport)?;
        transport.close();
        let late = transport.write(b"late");
        ensure(matches!(late, Err(WriteError::Closed)), format!("a late write: {late:?}"))?;
        same("what the peer receives", reader.read_to_end().await?.len(), sent)?;
        same("the last call", up_to(&protocol, "lost").await.last().map(String::as_str), Some("lost"))
    })
}

pub(super) fn watermarks(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        ensure(WriteLimits::new(11, 10).is_err(), "a low mark above the high one")?;
        let (transport, protocol, (mut reader, _writer)) = told(Told::default()).await?;
        transport.set_write_buffer_limits(WriteLimits::high(1 << 30));
        let sent = filled(&transport)?;
        same("below the high mark", so_far(&protocol), ["made"])?;
        transport.set_write_buffer_limits(WriteLimits::new(100, 1000)?);
        same("once it is lowered", so_far(&protocol), ["made", "pause"])?;
        transport.write(b"more")?;
        same("above it again", so_far(&protocol), ["made", "pause"])?;
        reader.read_exact(sent + 4).await?;
        same("at the low mark", up_to(&protocol, "resume").await, ["made", "pause", "resume"])
    })
}

pub(super) fn pause_reading_idempotent(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (_reader, writer)) =
            told(Told { pauses_at_once: true, ..Told::default() }).await?;
        transport.pause_reading();
        writer.write(b"first")?;
        a_while().await;
        same("while it is paused", so_far(&protocol), ["made"])?;
        transport.resume_reading();
        transport.resume_reading();
        same("when it resumed", up_to(&protocol, "data").await, ["made", "data"])?;
        transport.pause_reading();
        writer.write(b"second")?;
        a_while().await;
        same("while it is paused again", protocol.with(|told| told.received), 5)?;
        transport.close();
        transport.resume_reading();
        ensure(!transport.is_reading(), "it reads although it is closed")?;
        same("in the end", up_to(&protocol, "lost").await, ["made", "data", "lost"])
    })
}

pub(super) fn write_eof_after_buffer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (mut reader, writer)) = told(Told::default()).await?;
        let sent = filled(&transport)?;
        transport.write_eof();
        transport.write_eof();
        ensure(matches!(transport.write(b"late"), Err(WriteError::AfterEof)), "a write after the end")?;
        same("what the peer receives", reader.read_to_end().await?.len(), sent)?;
        writer.write(b"the other way")?;
        let told = up_to(&protocol, "data").await;
        same("what was told", told, ["made", "pause", "resume", "data"])
    })
}

pub(super) fn eof_keep_open(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (transport, protocol, (mut reader, writer)) =
            told(Told { keeps_open: true, ..Told::default() }).await?;
        writer.write_eof();
        same("after the end", up_to(&protocol, "eof").await, ["made", "eof"])?;
        ensure(!transport.is_closing(), "it closes")?;
        transport.write(b"still here")?;
        same("what the peer receives", reader.read_exact(10).await?, b"still here")?;
        transport.close();
        same("in the end", up_to(&protocol, "lost").await, ["made", "eof", "lost"])
    })
}

pub(super) fn protocol_error_is_fatal_for_it_only(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = reports();
        let (_other, bystander, (_reader, others)) = told(Told::default()).await?;
        let fails: fn() -> io::Result<()> = || Err(io::ErrorKind::InvalidData.into());
        let panics: fn() -> io::Result<()> = || std::panic::resume_unwind(Box::new("no luck"));
        for (answer, lost) in [(fails, "lost: InvalidData"), (panics, "lost: Other")] {
            let (_transport, protocol, (_reader, writer)) =
                told(Told { answer: Some(answer), ..Told::default() }).await?;
            writer.write(b"x")?;
            same("what was told", up_to(&protocol, "lost").await, ["made", "data", lost])?;
            same("the reports", reports.take().len(), 1)?;
        }
        others.write(b"x")?;
        same("what the other one was told", up_to(&bystander, "data").await, ["made", "data"])
    })
}

pub(super) fn unix_protocols_are_called_as_others(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let name = format!("\0{}", a_name());
        let server = create_unix_server(Told::default, &name)?;
        let (transport, protocol) = create_unix_connection(Told::default, &name).await?;
        same("the other end", transport.peer_name(), server.sockets().first())?;
        transport.write(b"some bytes")?;
        transport.write_eof();
        // Its protocol does not keep the connection.
        same("what was told", up_to(&protocol, "lost").await, ["made", "eof", "lost"])?;
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}
