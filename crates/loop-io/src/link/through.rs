//! Writing past the backlog, for those who wait for each write.

use super::{Link, closed_meanwhile, remember};
use crate::channel::Channel;
use crate::error::WriteError;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

impl Link {
    /// Has `write` give the channel bytes, once all that was written before is sent. Nothing is kept for later: what the
    /// channel does not take stays with the caller.
    pub(crate) fn poll_write(
        self: &Rc<Self>,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Box<dyn Channel>>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.writable()?;
        // A flusher waits for the channel as well, which knows but one who waits.
        let free =
            |link: &Self| !link.is_paused() && !link.flushing.get() && link.backlog.borrow().is_empty();
        ready!(self.poll_drained(cx, free))?;
        let mut channel = self.channel.borrow_mut();
        let Some(open) = channel.as_mut() else { return Poll::Ready(Err(closed_meanwhile())) };
        let written = write(Pin::new(open), cx);
        drop(channel);
        match written {
            Poll::Ready(Ok(len)) => {
                self.unflushed.set(true);
                if self.backlog() > 0 {
                    // Whoever writes through this may flush in another way, or only wait for it to be sent.
                    self.work_off();
                }
                Poll::Ready(Ok(len))
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Poll::Ready(Err(error)),
            Poll::Ready(Err(error)) => {
                self.lose(error);
                Poll::Ready(Err(self.lost().map_or_else(closed_meanwhile, io::Error::from)))
            }
            Poll::Pending => {
                // A close has to wake it; and so has a flusher, if somebody writes meanwhile and takes its place.
                remember(&self.writer, cx.waker());
                Poll::Pending
            }
        }
    }

    /// Ends when everything is with the kernel, also what the channel has kept.
    pub(crate) async fn flushed(self: &Rc<Self>) -> Result<(), WriteError> {
        self.changed.until(|| self.look_if_flushed()).await
    }

    /// The same for use in a `poll` function. The waker of the last call is the one that is woken.
    pub(crate) fn poll_flushed(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), WriteError>> {
        match self.look_if_flushed() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                remember(&self.writer, cx.waker());
                Poll::Pending
            }
        }
    }

    /// Has what is left sent, at each look: what was written past the backlog has no flusher of its own.
    fn look_if_flushed(self: &Rc<Self>) -> Option<Result<(), WriteError>> {
        let is_sent = |link: &Self| link.backlog() == 0 && !link.unflushed.get();
        if !is_sent(self) {
            self.work_off();
        }
        self.is_drained(&is_sent)
    }
}
