//! TLS over a channel: rustls between two buffers, and who polls what.
//!
//! ```text
//!    written ──► rustls ──► outgoing ──► channel      the writer polls this way, and the handshake
//!       read ◄── rustls ◄── incoming ◄── channel      the reader polls that way, and the handshake
//! ```
//!
//! A channel wakes one task for each way. After the handshake the reader and the writer each have a way of their own; only
//! what rustls itself wants to say because of what it read – an alert – makes the reader send, and then it never waits.

use crate::buffer::{Buffer, CHUNK};
use crate::error::{TlsError, truncated};
use crate::session::TlsSession;
use contract::budget;
use core_loop::{Loop, Sleep, sleep};
use loop_io::{Beneath, Channel};
use rustls::Connection;
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

/// How much of what nobody will read is taken from a channel before it is closed: else it is reset, and the alert that says
/// why may be lost with it.
const UNREAD_MAX: usize = 256 * 1024;

pub(crate) struct Engine {
    beneath: Box<dyn Channel>,
    tls: Connection,
    /// Came, and was not given to rustls yet.
    incoming: Buffer,
    /// Goes, as soon as the channel takes it.
    outgoing: Buffer,
    /// Why nothing more will come. Told when everything before it has been read.
    failure: Option<TlsError>,
    /// A writer waits for the channel: a reader that sends would take its place there.
    writer_waits: bool,
    /// A close_notify was sent, or is on its way.
    ended_here: bool,
    shutdown_timeout: Duration,
    /// Runs while the other side's end is awaited.
    shutdown: Option<Sleep>,
    session: Option<TlsSession>,
}

impl Engine {
    pub(crate) fn new(tls: Connection, beneath: Beneath, shutdown_timeout: Duration) -> Self {
        Self {
            tls,
            incoming: Buffer::new(beneath.unread),
            outgoing: Buffer::new(beneath.unsent),
            beneath: beneath.channel,
            failure: None,
            // For what was written before.
            writer_waits: true,
            ended_here: false,
            shutdown_timeout,
            shutdown: None,
            session: None,
        }
    }

    pub(crate) fn beneath(&self) -> &dyn Channel {
        &*self.beneath
    }

    /// What was agreed on; `None` before the handshake is done.
    pub(crate) fn session(&self) -> Option<&TlsSession> {
        self.session.as_ref()
    }

    /// What was taken for writing, and waits for the channel.
    pub(crate) fn unsent(&self) -> usize {
        // What a reader could not send – an alert – nobody waits for: it leaves with the next that is written.
        if self.writer_waits { self.outgoing.len() + self.beneath.unsent() } else { 0 }
    }

    /// Ready when both sides know each other, and everything about that is sent.
    pub(crate) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.tls.is_handshaking() {
            ready!(self.poll_send(cx))?;
            if !ready!(self.poll_more(cx))? {
                return Poll::Ready(Err(truncated("during the handshake")));
            }
            if let Some(failure) = self.failure.take() {
                self.say_why(cx);
                return Poll::Ready(Err(failure.into()));
            }
        }
        ready!(self.poll_send(cx))?;
        self.session = Some(TlsSession::of(&self.tls));
        Poll::Ready(Ok(()))
    }

    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.incoming.is_empty() {
            // Else the channel counts.
            ready!(budget::spend(cx));
        }
        let mut filled = 0;
        loop {
            match self.tls.reader().read(&mut bytes[filled..]) {
                // There is no more room, or the other side has ended.
                Ok(0) => return Poll::Ready(Ok(filled)),
                Ok(len) => filled += len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let more = self.failure.is_none() && !self.incoming.is_empty();
                    if filled > 0 && !more {
                        return Poll::Ready(Ok(filled));
                    }
                    if let Some(failure) = self.failure.take() {
                        self.say_why(cx);
                        return Poll::Ready(Err(failure.into()));
                    }
                    ready!(self.poll_more(cx))?;
                }
                Err(_) if filled > 0 => return Poll::Ready(Ok(filled)),
                Err(_) => return Poll::Ready(Err(truncated("in the middle"))),
            }
        }
    }

    /// Takes some bytes. What the channel has no room for then is [`unsent`](Self::unsent), a chunk at most.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        let len = self.tls.writer().write(bytes)?;
        match self.poll_send(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(len)),
        }
    }

    /// Ready when everything is with the channel, and the channel has flushed.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.poll_send_all(cx);
        self.writer_waits = sent.is_pending();
        sent
    }

    fn poll_send_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.tls.wants_write() && self.outgoing.len() < CHUNK {
                self.tls.write_tls(&mut self.outgoing)?;
            }
            if self.outgoing.is_empty() {
                return Pin::new(&mut *self.beneath).poll_flush(cx);
            }
            match ready!(Pin::new(&mut *self.beneath).poll_write(cx, self.outgoing.as_slice())) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(len) => self.outgoing.consume(len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Ends the writing side: with a close_notify, then that of the channel.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended_here {
            self.tls.send_close_notify();
            self.ended_here = true;
        }
        ready!(self.poll_send(cx))?;
        let closed = Pin::new(&mut *self.beneath).poll_close(cx);
        self.writer_waits = closed.is_pending();
        closed
    }

    /// Waits for the other side's end, and drops what still comes before it.
    pub(crate) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shutdown.is_none() && Loop::try_current().is_none() {
            return Poll::Ready(Ok(()));
        }
        let timeout = self.shutdown_timeout;
        let timer = self.shutdown.get_or_insert_with(|| sleep(timeout));
        if Pin::new(timer).poll(cx).is_ready() {
            let text = format!(
                "TLS: the other side did not end within {timeout:?} after this one (`shutdown_timeout`)"
            );
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)));
        }
        let mut scratch = [0; 8 * 1024];
        // However it ends: nobody reads any more, so nothing is missing.
        while let Ok(1..) = ready!(self.poll_read(cx, &mut scratch)) {}
        Poll::Ready(Ok(()))
    }

    /// Gives rustls more of what came. `false`: the channel has ended.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.incoming.is_empty() {
            let read = Pin::new(&mut *self.beneath).poll_read(cx, self.incoming.spare(CHUNK));
            let len = match &read {
                Poll::Ready(Ok(len)) => *len,
                Poll::Ready(Err(_)) | Poll::Pending => 0,
            };
            self.incoming.filled(len);
            if ready!(read)? == 0 {
                // So that it knows of the end.
                self.tls.read_tls(&mut io::empty())?;
                return Poll::Ready(Ok(false));
            }
        }
        let mut bytes = self.incoming.as_slice();
        let before = bytes.len();
        let taken = match self.tls.read_tls(&mut bytes)? {
            // Behind the other side's end: nobody wants it.
            0 => before,
            len => len,
        };
        self.incoming.consume(taken);
        if let Err(error) = self.tls.process_new_packets() {
            self.failure = Some(TlsError::new(error));
        }
        if self.tls.wants_write() && !self.tls.is_handshaking() && !self.writer_waits {
            // An alert, or an answer. What does not leave at once leaves with what is written next.
            let _later = self.poll_send_all(&mut Context::from_waker(Waker::noop()));
        }
        Poll::Ready(Ok(true))
    }

    /// Before the connection is closed because TLS failed: sends the alert that says why, as far as that needs no wait.
    fn say_why(&mut self, cx: &mut Context<'_>) {
        // A step of its own: there is no second try, should the task have spent its budget on what came before the failure.
        budget::nested(|| {
            budget::enter_step();
            let _not_sent = self.poll_send(cx);
            let _not_ended = Pin::new(&mut *self.beneath).poll_close(cx);
            let mut scratch = [0; 8 * 1024];
            let mut taken = 0;
            while taken < UNREAD_MAX
                && let Poll::Ready(Ok(len @ 1..)) = Pin::new(&mut *self.beneath).poll_read(cx, &mut scratch)
            {
                taken += len;
            }
        });
    }
}
