//! Accepting: a task for each socket that listens.

use super::Inner;
use crate::channel::{Channel, Endpoint};
use crate::link::{Link, remember, wake};
use crate::listen::Accept;
use core_loop::{ExceptionContext, Loop, sleep, spawn};
use nix::errno::Errno;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

/// How long accepting pauses when there is no descriptor, or no memory, for one more connection: as long as in asyncio.
/// Trying again at once would fail again at once.
const PAUSE: Duration = Duration::from_secs(1);

/// How many connections may fail in a row before accepting pauses all the same: then it is not the connections, or there are so
/// many of them that a pause does no harm.
const FAILED_MAX: u32 = 100;

/// A socket that listens; it is closed when the listener is taken out.
pub(super) struct Socket {
    listener: RefCell<Option<Box<dyn Accept>>>,
    /// Who accepts.
    waiting: RefCell<Option<Waker>>,
}

impl Socket {
    pub(super) fn new(listener: Box<dyn Accept>) -> Self {
        Self { listener: RefCell::new(Some(listener)), waiting: RefCell::new(None) }
    }

    pub(super) fn local_name(&self) -> Option<Endpoint> {
        self.listener.borrow().as_ref()?.local_name()
    }

    pub(super) fn close(&self) {
        let listener = self.listener.take();
        drop(listener);
        wake(&self.waiting);
    }

    /// The next connection; `None` once it is closed.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Box<dyn Channel>>>> {
        let listener = self.listener.borrow();
        let Some(listener) = listener.as_ref() else { return Poll::Ready(None) };
        let accepted = listener.poll_accept(cx);
        if accepted.is_pending() {
            remember(&self.waiting, cx.waker());
        }
        Poll::Ready(Some(ready!(accepted)))
    }
}

/// Starts a task for each of the sockets.
pub(super) fn start(server: &Rc<Inner>) {
    for (at, socket) in server.sockets.iter().enumerate() {
        let name = socket.local_name().map_or_else(|| "accept".to_owned(), |name| format!("accept {name}"));
        spawn(accept(Accepting(server.clone()), at)).named(name).detach();
    }
}

/// A task that accepts has it, from before its first step: however it ends, the server is told.
struct Accepting(Rc<Inner>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.lose();
    }
}

async fn accept(accepting: Accepting, at: usize) {
    let server = &accepting.0;
    let socket = &server.sockets[at];
    let (mut told, mut failed) = (false, 0);
    while let Some(accepted) = poll_fn(|cx| socket.poll_accept(cx)).await {
        match accepted {
            Ok(channel) => {
                (told, failed) = (false, 0);
                server.welcome(&Link::new(channel));
            }
            // That connection has failed; the next may be fine.
            Err(error) if is_the_peers(&error) && failed < FAILED_MAX => failed += 1,
            Err(error) => {
                if !told {
                    report(socket, &error);
                    told = true;
                }
                sleep(PAUSE).await;
            }
        }
    }
}

/// Whether a connection failed before it was accepted: accept(2) hands on what has happened to it in the network, and asks for
/// another try; of the rest of its errors these are the ones of a connection.
fn is_the_peers(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(
        errno,
        Some(
            Errno::ECONNABORTED
                | Errno::ECONNRESET
                | Errno::EPROTO
                | Errno::ENETDOWN
                | Errno::ENOPROTOOPT
                | Errno::EHOSTDOWN
                | Errno::ENONET
                | Errno::EHOSTUNREACH
                | Errno::ENETUNREACH
                | Errno::EOPNOTSUPP
                | Errno::ETIMEDOUT
                | Errno::EPERM
        )
    )
}

fn report(socket: &Socket, error: &io::Error) {
    let place = socket.local_name().map_or_else(String::new, |name| format!(" on {name}"));
    Loop::current().call_exception_handler(&ExceptionContext::new(format!(
        "no connection can be accepted{place}: {error}; it is tried again each second"
    )));
}
