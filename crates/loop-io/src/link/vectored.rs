//! Writing several pieces at once: from where they stand, if the channel can, and in one piece otherwise.

use super::Link;
use crate::error::WriteError;
use futures_io::AsyncWrite;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

impl Link {
    /// Takes several pieces as one.
    pub(crate) fn writelines<B: AsRef<[u8]>>(
        self: &Rc<Self>,
        pieces: impl IntoIterator<Item = B>,
    ) -> Result<(), WriteError> {
        let pieces: Vec<B> = pieces.into_iter().collect();
        let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece.as_ref())).collect();
        self.write_vectored(&slices)
    }

    /// As [`writelines`](Self::writelines), without a copy of what can be sent at once.
    pub(crate) fn write_vectored(self: &Rc<Self>, pieces: &[IoSlice<'_>]) -> Result<(), WriteError> {
        self.writable()?;
        if let [only] = pieces {
            return self.take(only);
        }
        if self.ask(|channel| channel.is_write_vectored()) != Some(true) {
            return self.take(&joined(pieces));
        }
        let mut rest = pieces.to_vec();
        let mut rest = &mut rest[..];
        if self.backlog.borrow().is_empty()
            && !self.flushing.get()
            && let Err(error) = self.send_pieces_now(&mut rest)
        {
            self.lose(error);
            return self.writable();
        }
        if rest.iter().all(|piece| piece.is_empty()) {
            self.work_off();
        } else {
            rest.iter().for_each(|piece| self.backlog.borrow_mut().extend(piece));
            self.send_later();
        }
        Ok(())
    }

    /// Sends what the channel takes at once; `rest` is what it does not.
    fn send_pieces_now(&self, rest: &mut &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut channel = self.channel.borrow_mut();
        let Some(channel) = channel.as_mut() else { return Ok(()) };
        // Nobody has to be woken: whatever waits is polled again by a flusher, with a waker of its own.
        let cx = &mut Context::from_waker(Waker::noop());
        while rest.iter().any(|piece| !piece.is_empty()) {
            match Pin::new(&mut *channel).poll_write_vectored(cx, rest) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(len)) => IoSlice::advance_slices(rest, len),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
            self.unflushed.set(true);
        }
        Ok(())
    }
}

fn joined(pieces: &[IoSlice<'_>]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
    whole
}
