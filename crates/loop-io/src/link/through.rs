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
    /// Ready when everything is with the kernel, also what the channel has kept.
    pub(crate) fn poll_flush(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), WriteError>> {
        if self.unflushed.get() {
            self.work_off();
        }
        self.poll_drained(cx, |link| link.backlog() == 0 && !link.unflushed.get())
    }
}
