//! A connection as its reader, its writer, its server and its transport share it.
//!
//! ```text
//!            write_eof               all sent
//!   OPEN ──────────────► ENDING ──────────────► ENDED
//!     │ close              │ close                │ close
//!     └──────────┬─────────┴──────────────────────┘
//!                ▼            all sent
//!             CLOSING ───────────────────► CLOSED ◄── abort, or an error: from every state, at once
//! ```
//!
//! OPEN alone takes bytes. In ENDING and CLOSING a flusher sends what is left; ENDED still reads, CLOSING does not. CLOSED
//! holds no channel any more: the descriptor is closed, and nothing happens after it.

mod advance;
mod file;
mod flusher;
mod through;
mod vectored;

pub(crate) use file::Lent;

use crate::bells::Bells;
use crate::buffer::Buffer;
use crate::channel::{Channel, Endpoint};
use crate::error::{Lost, WriteError};
use crate::limits::WriteLimits;
use futures_io::AsyncRead;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Ending,
    Ended,
    Closing,
    Closed,
}

/// Who is told of what happens to a connection. Called with nothing borrowed.
pub(crate) trait Watcher {
    /// More than the high mark is unsent, or no more than the low one again: [`Link::is_paused`] says which.
    fn paused(&self);

    /// It is closed, for the reason that [`Link::lost`] gives. What lived as long as the connection can live a little
    /// longer.
    fn closed(self: Rc<Self>, attached: Option<Box<dyn Any>>);
}

pub(crate) struct Link {
    state: Cell<State>,
    /// `None` once it is closed.
    pub(crate) channel: RefCell<Option<Box<dyn Channel>>>,
    /// What was written and the kernel had no room for.
    pub(crate) backlog: RefCell<Buffer>,
    /// The channel may keep bytes of its own.
    pub(crate) unflushed: Cell<bool>,
    limits: Cell<WriteLimits>,
    /// The backlog went above the high mark, and has not come down to the low one since.
    paused: Cell<bool>,
    /// A flusher runs.
    flushing: Cell<bool>,
    pub(crate) flusher: RefCell<Option<Waker>>,
    /// A file is being sent: nothing may be written between its bytes.
    lent: Cell<bool>,
    /// Who waits for bytes: a close has to wake it.
    pub(crate) reader: RefCell<Option<Waker>>,
    /// Our writing side has ended, and the channel knows.
    ended_here: Cell<bool>,
    /// Who writes through `AsyncWrite`, and waits.
    writer: RefCell<Option<Waker>>,
    /// The other side has ended.
    pub(crate) ended_there: Cell<bool>,
    lost: RefCell<Option<Lost>>,
    /// Who waits in `drain` or `flush`.
    changed: Bells,
    /// Who waits in `wait_closed`: not woken by each write.
    over: Bells,
    watcher: RefCell<Option<Rc<dyn Watcher>>>,
    /// What lives as long as the connection is open.
    attached: RefCell<Option<Box<dyn Any>>>,
    pub(crate) peer_name: Option<Endpoint>,
    pub(crate) local_name: Option<Endpoint>,
    /// One of the two halves that a user holds is gone.
    half_dropped: Cell<bool>,
    /// A transport took the place of both halves: their drop means nothing.
    pub(crate) halves_replaced: Cell<bool>,
}

impl Link {
    pub(crate) fn new(channel: Box<dyn Channel>) -> Rc<Self> {
        Rc::new(Self {
            state: Cell::new(State::Open),
            peer_name: channel.peer_name(),
            local_name: channel.local_name(),
            channel: RefCell::new(Some(channel)),
            backlog: RefCell::default(),
            unflushed: Cell::new(false),
            limits: Cell::new(WriteLimits::DEFAULT),
            paused: Cell::new(false),
            flushing: Cell::new(false),
            flusher: RefCell::new(None),
            lent: Cell::new(false),
            reader: RefCell::new(None),
            ended_here: Cell::new(false),
            writer: RefCell::new(None),
            ended_there: Cell::new(false),
            lost: RefCell::new(None),
            changed: Bells::default(),
            over: Bells::default(),
            watcher: RefCell::new(None),
            attached: RefCell::new(None),
            half_dropped: Cell::new(false),
            halves_replaced: Cell::new(false),
        })
    }

    pub(crate) fn watch(&self, watcher: Rc<dyn Watcher>) {
        self.watcher.replace(Some(watcher));
    }

    /// Keeps `guard` until the connection is closed.
    pub(crate) fn attach(&self, guard: impl Any) {
        let before = self.attached.replace(Some(Box::new(guard)));
        drop(before);
    }

    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    /// Nothing more will be taken, nor read.
    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.state.get(), State::Closing | State::Closed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.get() == State::Closed
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub(crate) fn lost(&self) -> Option<Lost> {
        self.lost.borrow().clone()
    }

    /// Asks the channel, while there is one.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&dyn Channel) -> T) -> Option<T> {
        self.channel.borrow().as_deref().map(ask)
    }

    /// How many bytes are written and not sent: here, or with the channel.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog.borrow().len() + self.ask(Channel::unsent).unwrap_or(0)
    }

    pub(crate) fn limits(&self) -> WriteLimits {
        self.limits.get()
    }

    /// Sets the water marks. A backlog above the new high mark pauses at once.
    pub(crate) fn set_limits(&self, limits: WriteLimits) {
        self.limits.set(limits);
        self.look_at_marks();
    }

    /// Why nothing can be written, if so.
    pub(crate) fn writable(&self) -> Result<(), WriteError> {
        match (self.lost(), self.state.get()) {
            (Some(lost), _) => Err(WriteError::Lost(lost)),
            (None, State::Open) if self.lent.get() => Err(WriteError::SendingFile),
            (None, State::Open) => Ok(()),
            (None, State::Ending | State::Ended) => Err(WriteError::AfterEof),
            (None, State::Closing | State::Closed) => Err(WriteError::Closed),
        }
    }

    /// Reads from the channel. 0 is the end: also that of a connection that was closed at this side.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut channel = self.channel.borrow_mut();
        let reads = channel.as_mut().filter(|_| self.state.get() != State::Closing);
        let Some(open) = reads else {
            return Poll::Ready(self.lost().map_or(Ok(0), |lost| Err(lost.into())));
        };
        let read = Pin::new(open).poll_read(cx, bytes);
        drop(channel);
        if read.is_pending() {
            remember(&self.reader, cx.waker());
        }
        match ready!(read) {
            Ok(0) if !bytes.is_empty() => {
                self.ended_there.set(true);
                Poll::Ready(Ok(0))
            }
            Ok(len) => Poll::Ready(Ok(len)),
            Err(error) => {
                self.lose(error);
                Poll::Ready(Err(self.lost().map_or_else(closed_meanwhile, io::Error::from)))
            }
        }
    }

    /// Ends when enough of what was written is sent, or the connection is closed.
    pub(crate) async fn drained(&self, enough: impl Fn(&Self) -> bool) -> Result<(), WriteError> {
        self.changed.until(|| self.is_drained(&enough)).await
    }

    /// The same for use in a `poll` function. The waker of the last call is the one that is woken.
    pub(crate) fn poll_drained(
        &self,
        cx: &mut Context<'_>,
        enough: impl Fn(&Self) -> bool,
    ) -> Poll<Result<(), WriteError>> {
        match self.is_drained(&enough) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                remember(&self.writer, cx.waker());
                Poll::Pending
            }
        }
    }

    fn is_drained(&self, enough: &impl Fn(&Self) -> bool) -> Option<Result<(), WriteError>> {
        match self.lost() {
            Some(lost) => Some(Err(WriteError::Lost(lost))),
            None if self.is_closed() => Some(Err(WriteError::Closed)),
            None => enough(self).then_some(Ok(())),
        }
    }

    /// Ends when the connection is closed.
    pub(crate) async fn wait_closed(&self) -> Result<(), Lost> {
        self.over.until(|| self.is_closed().then(|| self.lost().map_or(Ok(()), Err))).await
    }

    /// One of the two halves is dropped; the other half keeps the connection open.
    pub(crate) fn drop_half(self: &Rc<Self>, writes: bool) {
        if self.halves_replaced.get() {
            return;
        }
        if self.half_dropped.replace(true) {
            self.close();
        } else if writes {
            self.write_eof();
        }
    }
}

/// A channel that failed, after somebody else has closed the connection.
fn closed_meanwhile() -> io::Error {
    WriteError::Closed.into()
}

/// Keeps `waker` in `slot`, without a clone if it is there.
pub(crate) fn remember(slot: &RefCell<Option<Waker>>, waker: &Waker) {
    let mut slot = slot.borrow_mut();
    if !slot.as_ref().is_some_and(|there| there.will_wake(waker)) {
        let before = slot.replace(waker.clone());
        drop(slot);
        drop(before);
    }
}

/// Wakes whom [`remember`] kept, outside the borrow: a waker is foreign code.
pub(crate) fn wake(slot: &RefCell<Option<Waker>>) {
    let waker = slot.take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("state", &self.state.get())
            .field("peer_name", &self.peer_name)
            .field("backlog", &self.backlog())
            .finish_non_exhaustive()
    }
}
