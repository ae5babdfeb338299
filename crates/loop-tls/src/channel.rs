//! The channel that stands in a connection: first shared with the handshake, then alone.
//!
//! ```text
//!               handshake done            first use
//!   SHAKING ─────────────────────► DONE ─────────────► TAKEN: the channel has the engine for itself
//!      │ failed, too late, given up, or the connection closed
//!      └─────────────────────────► FAILED: every use says why
//! ```
//!
//! While it is SHAKING, only the handshake polls what is beneath: a reader and a writer wait here, and so does an end of the
//! writing side. A close waits for nothing: it gives the handshake up.

use crate::engine::Engine;
use crate::error::again;
use crate::session::TlsSession;
use futures_io::{AsyncRead, AsyncWrite};
use loop_io::{Channel, Endpoint};
use std::any::{Any, TypeId};
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

enum State {
    Shaking(Box<Engine>),
    /// The handshake is being polled.
    Busy,
    Done(Box<Engine>),
    Taken,
    Failed(io::Error),
}

/// What a channel and its handshake share.
pub(crate) struct Beginning {
    state: RefCell<State>,
    /// What the engine keeps, as of the last poll.
    unsent: Cell<usize>,
    handshake: Cell<Option<Waker>>,
    reader: Cell<Option<Waker>>,
    writer: Cell<Option<Waker>>,
}

pub(crate) struct TlsChannel {
    engine: OnceCell<Box<Engine>>,
    beginning: Rc<Beginning>,
}

impl Beginning {
    pub(crate) fn new(engine: Engine) -> Rc<Self> {
        Rc::new(Self {
            unsent: Cell::new(engine.unsent()),
            state: RefCell::new(State::Shaking(Box::new(engine))),
            handshake: Cell::default(),
            reader: Cell::default(),
            writer: Cell::default(),
        })
    }

    /// Goes on with the handshake.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut engine = match self.state.replace(State::Busy) {
            State::Shaking(engine) => engine,
            State::Failed(error) => {
                let told = again(&error);
                self.state.replace(State::Failed(error));
                return Poll::Ready(Err(told));
            }
            State::Busy | State::Done(_) | State::Taken => unreachable!("polled after it was done"),
        };
        // Nothing is borrowed here: what is beneath may run wakers, which are foreign code.
        let polled = engine.poll_handshake(cx);
        if let State::Failed(error) = &*self.state.borrow() {
            return Poll::Ready(Err(again(error)));
        }
        match polled {
            Poll::Pending => {
                self.unsent.set(engine.unsent());
                self.state.replace(State::Shaking(engine));
                self.handshake.set(Some(cx.waker().clone()));
                Poll::Pending
            }
            Poll::Ready(Ok(())) => {
                self.state.replace(State::Done(engine));
                self.wake();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.fail(again(&error));
                Poll::Ready(Err(error))
            }
        }
    }

    /// It comes to nothing: what is beneath is closed.
    pub(crate) fn fail(&self, error: io::Error) {
        let before = self.state.replace(State::Failed(error));
        drop(before);
        self.wake();
    }

    fn wake(&self) {
        for waiting in [&self.handshake, &self.reader, &self.writer] {
            if let Some(waker) = waiting.take() {
                waker.wake();
            }
        }
    }

    fn is_shaking(&self) -> bool {
        matches!(&*self.state.borrow(), State::Shaking(_) | State::Busy)
    }

    /// What was written before the handshake, or belongs to it, and is not sent.
    fn unsent(&self) -> usize {
        if self.is_shaking() { self.unsent.get() } else { 0 }
    }

    /// The engine, once; `None` while it is not done, or has failed.
    fn take(&self) -> Option<Box<Engine>> {
        if !matches!(&*self.state.borrow(), State::Done(_)) {
            return None;
        }
        match self.state.replace(State::Taken) {
            State::Done(engine) => Some(engine),
            _ => None,
        }
    }

    fn poll_wait<T>(&self, slot: &Cell<Option<Waker>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
        if let State::Failed(error) = &*self.state.borrow() {
            return Poll::Ready(Err(again(error)));
        }
        slot.set(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl TlsChannel {
    pub(crate) fn new(beginning: Rc<Beginning>) -> Self {
        Self { engine: OnceCell::new(), beginning }
    }

    /// The engine, once the handshake is done.
    fn engine(&self) -> Option<&Engine> {
        if self.engine.get().is_none() {
            let _first = self.engine.set(self.beginning.take()?);
        }
        self.engine.get().map(|engine| &**engine)
    }

    fn poll_engine(
        &mut self,
        slot: impl Fn(&Beginning) -> &Cell<Option<Waker>>,
        cx: &Context<'_>,
    ) -> Poll<io::Result<&mut Engine>> {
        if self.engine().is_none() {
            return self.beginning.poll_wait(slot(&self.beginning), cx);
        }
        let engine = self.engine.get_mut().expect("it was looked at just now");
        Poll::Ready(Ok(engine))
    }
}

impl AsyncRead for TlsChannel {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().poll_engine(|beginning| &beginning.reader, cx))?.poll_read(cx, bytes)
    }
}

impl AsyncWrite for TlsChannel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().poll_engine(|beginning| &beginning.writer, cx))?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_engine(|beginning| &beginning.writer, cx))?.poll_send(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_engine(|beginning| &beginning.writer, cx))?.poll_close(cx)
    }
}

impl Channel for TlsChannel {
    fn peer_name(&self) -> Option<Endpoint> {
        self.engine()?.beneath().peer_name()
    }

    fn local_name(&self) -> Option<Endpoint> {
        self.engine()?.beneath().local_name()
    }

    fn is_established(&self) -> bool {
        !self.beginning.is_shaking()
    }

    fn unsent(&self) -> usize {
        self.engine().map_or_else(|| self.beginning.unsent(), Engine::unsent)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.engine().is_none() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_engine(|beginning| &beginning.writer, cx))?.poll_finish(cx)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.engine()?.beneath().descriptor()
    }

    fn extra_info(&self, wanted: TypeId) -> Option<&dyn Any> {
        let engine = self.engine()?;
        match engine.session() {
            Some(session) if wanted == TypeId::of::<TlsSession>() => Some(session),
            _ => engine.beneath().extra_info(wanted),
        }
    }
}

impl Drop for TlsChannel {
    fn drop(&mut self) {
        if self.beginning.is_shaking() {
            self.beginning.fail(closed());
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "TLS: the connection was closed during the handshake")
}
