//! What a connection does: writing, ending, closing, failing.

use super::{Link, State, remember, wake};
use crate::channel::Channel;
use crate::error::{Lost, WriteError};
use contract::budget;
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// How much of what nobody will read is taken from the kernel before a close.
///
/// A socket that is closed with unread bytes in it resets the connection, and the other side may lose what it has not read
/// yet: our last bytes.
const UNREAD_MAX: usize = 256 * 1024;

impl Link {
    /// Takes `bytes` for writing: tries to send at once, and keeps what the kernel has no room for.
    pub(crate) fn write(self: &Rc<Self>, bytes: &[u8]) -> Result<(), WriteError> {
        self.writable()?;
        self.take(bytes)
    }

    /// As [`write`](Self::write), without asking whether anybody may.
    pub(super) fn take(self: &Rc<Self>, mut bytes: &[u8]) -> Result<(), WriteError> {
        if self.backlog.borrow().is_empty() && !self.flushing.get() {
            match self.send_now(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) => {
                    self.lose(error);
                    return self.writable();
                }
            }
        }
        if bytes.is_empty() {
            self.work_off();
        } else {
            self.backlog.borrow_mut().extend(bytes);
            self.send_later();
        }
        Ok(())
    }

    /// Has the backlog sent. Not tried here: the kernel is full, or this task has spent its step, and then the rest has to
    /// wait for a turn of the flusher's. So whoever writes and drains for ever comes to a drain that waits.
    pub(super) fn send_later(self: &Rc<Self>) {
        if !self.flushing.get() {
            self.start_flusher();
        }
        self.look_at_marks();
    }

    /// How many of `bytes` the channel takes at once.
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut channel = self.channel.borrow_mut();
        let Some(channel) = channel.as_mut() else { return Ok(0) };
        // Nobody has to be woken: whatever waits is polled again by a flusher, with a waker of its own.
        let cx = &mut Context::from_waker(Waker::noop());
        let mut sent = 0;
        while sent < bytes.len() {
            match Pin::new(&mut *channel).poll_write(cx, &bytes[sent..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(len)) => sent += len,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
            self.unflushed.set(true);
        }
        Ok(sent)
    }

    /// Ends the writing side, after all that is written. Again, or once closing, nothing happens.
    pub(crate) fn write_eof(self: &Rc<Self>) {
        if self.state.get() == State::Open && self.ask(|channel| channel.can_write_eof()) == Some(true) {
            self.state.set(State::Ending);
            self.work_off();
        }
    }

    /// Closes, after all that is written. Reading ends at once.
    pub(crate) fn close(self: &Rc<Self>) {
        if self.ask(|channel| channel.is_established()) == Some(false) {
            self.give_up();
        } else if !self.is_closing() {
            self.state.set(State::Closing);
            wake(&self.reader);
            self.work_off();
        }
    }

    /// Closes before anything could be sent: that may take as long as the other side likes. An error if something was to be.
    fn give_up(&self) {
        if self.backlog.borrow().is_empty() && !self.unflushed.get() {
            self.abort();
        } else {
            let why = "the connection was closed before it was established: what was written is not sent";
            self.lose(io::Error::new(io::ErrorKind::ConnectionAborted, why));
        }
    }

    /// Closes at once, and forgets what is not sent.
    pub(crate) fn abort(&self) {
        if !self.is_closed() {
            self.finish();
        }
    }

    /// It failed.
    pub(crate) fn lose(&self, error: io::Error) {
        if !self.is_closed() {
            self.lost.replace(Some(Lost::new(error)));
            self.finish();
        }
    }

    /// Does what the state asks for, at once if the channel lets it, with a flusher otherwise.
    pub(super) fn work_off(self: &Rc<Self>) {
        if self.flushing.get() {
            return;
        }
        let worked = self.poll_work(&mut Context::from_waker(Waker::noop()));
        // Looked at again: somebody who was told of it on the way may have started one.
        if worked.is_pending() && !self.flushing.get() {
            self.start_flusher();
        }
    }

    /// Sends the backlog, then ends or closes if that was asked for. Ready when there is nothing left to do.
    pub(super) fn poll_work(&self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let closing = self.state.get() == State::Closing;
            match self.poll_channel(cx) {
                Poll::Pending => {
                    remember(&self.flusher, cx.waker());
                    self.look_at_marks();
                    return Poll::Pending;
                }
                Poll::Ready(Err(error)) => self.lose(error),
                Poll::Ready(Ok(())) => {
                    self.look_at_marks();
                    if closing && !self.is_closed() {
                        self.finish();
                    }
                }
            }
            // Whoever was told just now may have written, or closed.
            if !self.has_work() {
                return Poll::Ready(());
            }
        }
    }

    fn has_work(&self) -> bool {
        match self.state.get() {
            State::Closed => false,
            State::Ending | State::Closing => true,
            // Of what the channel keeps it is the channel that knows whether it is left: a flush has just asked it.
            State::Open | State::Ended => !self.backlog.borrow().is_empty() || self.unflushed.get(),
        }
    }

    fn poll_channel(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut channel = self.channel.borrow_mut();
        let Some(channel) = channel.as_mut() else { return Poll::Ready(Ok(())) };
        let mut channel = Pin::new(channel);
        let mut backlog = self.backlog.borrow_mut();
        while !backlog.is_empty() {
            match ready!(channel.as_mut().poll_write(cx, backlog.as_slice())) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(len) => backlog.consume(len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            self.unflushed.set(true);
        }
        if self.unflushed.get() || channel.unsent() > 0 {
            ready!(channel.as_mut().poll_flush(cx))?;
            self.unflushed.set(false);
        }
        match self.state.get() {
            State::Open | State::Ended | State::Closed => {}
            State::Ending => {
                ready!(channel.as_mut().poll_close(cx))?;
                self.ended_here.set(true);
                self.state.set(State::Ended);
            }
            State::Closing => {
                if !self.ended_here.get() {
                    ready!(channel.as_mut().poll_close(cx))?;
                    self.ended_here.set(true);
                }
                if !self.ended_there.get() {
                    ready!(channel.poll_finish(cx))?;
                }
                if !self.ended_there.get() && channel.resets_if_unread() {
                    take_unread(channel);
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Compares the backlog with the water marks, and tells.
    pub(super) fn look_at_marks(&self) {
        let (backlog, limits) = (self.backlog(), self.limits.get());
        let paused = if self.paused.get() { backlog > limits.low } else { backlog > limits.high };
        let changed = self.paused.replace(paused) != paused;
        if changed && !self.is_closed() {
            let watcher = self.watcher.borrow().clone();
            if let Some(watcher) = watcher {
                watcher.paused();
            }
        }
        if !paused {
            self.ring();
        }
    }

    fn ring(&self) {
        self.changed.ring();
        wake(&self.writer);
    }

    /// The end: the descriptor is closed, and everybody is told.
    fn finish(&self) {
        self.state.set(State::Closed);
        self.backlog.borrow_mut().clear();
        let channel = self.channel.take();
        drop(channel);
        wake(&self.reader);
        wake(&self.flusher);
        self.ring();
        self.over.ring();
        let (watcher, attached) = (self.watcher.take(), self.attached.take());
        match watcher {
            Some(watcher) => watcher.closed(attached),
            // Last: a server that waits for its connections counts this one until now.
            None => drop(attached),
        }
    }
}

/// Takes what the kernel has already, and nobody will read.
fn take_unread(mut channel: Pin<&mut Box<dyn Channel>>) {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut scratch = [0; 8 * 1024];
    let mut taken = 0;
    // A step of its own: at the end of one that has spent its budget, nothing would be taken for lack of that. The task comes
    // out of it with no more than it had.
    budget::nested(|| {
        budget::enter_step();
        while taken < UNREAD_MAX
            && let Poll::Ready(Ok(len @ 1..)) = channel.as_mut().poll_read(cx, &mut scratch)
        {
            taken += len;
        }
    });
}
