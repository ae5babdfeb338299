//! A child that calls a protocol.
//!
//! ```text
//!   connection_made ──► pipe_data_received, and pipe_connection_lost once for each pipe
//!                       process_exited, once, in no fixed order with these
//!                         │ exited, and all pipes lost
//!                         ▼
//!                       connection_lost, last
//! ```

use super::command::Command;
use super::handle::Process;
use crate::link::{remember, wake};
use crate::protocol::guarded;
use crate::{StreamWriter, WriteLimits};
use futures_io::{AsyncRead, AsyncWrite};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// What is called when something happens to a child. Descriptors are numbered as the child has them: 0 to 2.
///
/// # Ordering
///
/// `connection_made` comes first, `connection_lost` last. The data of a pipe come before its loss; that the child has exited
/// may come before data that its own children still write. Calls never nest.
///
/// # Panics
///
/// One that panics is reported to the loop's exception handler, its child is killed and its pipes are closed.
///
/// # Python
///
/// `asyncio.SubprocessProtocol`.
pub trait SubprocessProtocol: 'static {
    /// The child runs.
    fn connection_made(&mut self, transport: SubprocessTransport) {
        let _ = transport;
    }

    /// It has written something to its standard output (1) or error (2).
    fn pipe_data_received(&mut self, descriptor: i32, data: &[u8]) {
        let _ = (descriptor, data);
    }

    /// A pipe is closed: by this side, or by the other if it is one of the outputs, unless there is an error.
    fn pipe_connection_lost(&mut self, descriptor: i32, error: Option<io::Error>) {
        let _ = (descriptor, error);
    }

    /// More is unsent to its standard input than the high water mark allows.
    fn pause_writing(&mut self) {}

    /// No more is unsent than the low water mark says.
    fn resume_writing(&mut self) {}

    /// It has ended, and was reaped: [`SubprocessTransport::returncode`] says how.
    fn process_exited(&mut self) {}

    /// It has ended, and all its pipes are closed.
    fn connection_lost(&mut self) {}
}

impl Command {
    /// Starts it, and calls a protocol from now on. The child runs, and is listened to, whether a handle is kept or not.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `await loop.subprocess_exec(protocol_factory, …)`, `loop.subprocess_shell(…)`.
    pub fn spawn_with<P: SubprocessProtocol>(
        &mut self,
        factory: impl FnOnce() -> P,
    ) -> io::Result<(SubprocessTransport, Rc<RefCell<P>>)> {
        let process = self.spawn()?;
        let protocol = Rc::new(RefCell::new(factory()));
        let transport = SubprocessTransport(Rc::new(Shared {
            process: RefCell::new(process),
            closed: Cell::new(false),
            waker: RefCell::default(),
        }));
        let (drives, told) = (transport.clone(), protocol.clone());
        let name = format!("child {}", transport.pid());
        core_loop::spawn(async move { drives.drive(&told).await }).named(name).detach();
        Ok((transport, protocol))
    }
}

/// A child that calls its [`SubprocessProtocol`]: a cheap handle, `!Send`.
///
/// # Python
///
/// `asyncio.SubprocessTransport`.
#[derive(Clone)]
pub struct SubprocessTransport(Rc<Shared>);

struct Shared {
    process: RefCell<Process>,
    closed: Cell<bool>,
    /// Of the task that calls the protocol.
    waker: RefCell<Option<Waker>>,
}

impl SubprocessTransport {
    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.process.borrow().pid()
    }

    /// As [`Process::returncode`].
    #[must_use]
    pub fn returncode(&self) -> Option<i32> {
        self.0.process.borrow().returncode()
    }

    /// As [`Process::send_signal`].
    ///
    /// # Errors
    ///
    /// No such signal; no permission.
    pub fn send_signal(&self, signal: i32) -> io::Result<bool> {
        self.0.process.borrow().send_signal(signal)
    }

    /// As [`Process::terminate`].
    ///
    /// # Errors
    ///
    /// No permission.
    pub fn terminate(&self) -> io::Result<bool> {
        self.0.process.borrow().terminate()
    }

    /// As [`Process::kill`].
    ///
    /// # Errors
    ///
    /// No permission.
    pub fn kill(&self) -> io::Result<bool> {
        self.0.process.borrow().kill()
    }

    /// Hands `data` over to be written to its standard input. Nothing if that is no pipe, or closed.
    ///
    /// # Python
    ///
    /// `transport.get_pipe_transport(0).write(data)`.
    pub fn write(&self, data: &[u8]) {
        if let Some(stdin) = &self.0.process.borrow().stdin {
            // A pipe that is closed, or lost, takes nothing; the protocol is told of the loss.
            let _taken = stdin.write(data);
        }
        self.0.wake();
    }

    /// How many bytes wait to be written.
    #[must_use]
    pub fn get_write_buffer_size(&self) -> usize {
        self.0.process.borrow().stdin.as_ref().map_or(0, StreamWriter::get_write_buffer_size)
    }

    /// Sets the water marks of [`pause_writing`](SubprocessProtocol::pause_writing) and `resume_writing`.
    ///
    /// # Python
    ///
    /// `transport.get_pipe_transport(0).set_write_buffer_limits(…)`.
    pub fn set_write_buffer_limits(&self, limits: WriteLimits) {
        if let Some(stdin) = &self.0.process.borrow().stdin {
            stdin.set_write_buffer_limits(limits);
        }
        self.0.wake();
    }

    /// Closes its standard input once everything is written.
    ///
    /// # Python
    ///
    /// `transport.get_pipe_transport(0).write_eof()`.
    pub fn write_eof(&self) {
        if let Some(stdin) = &self.0.process.borrow().stdin {
            stdin.close();
        }
        self.0.wake();
    }

    /// Kills it if it still runs, and closes all pipes. One that has ended gets no signal.
    ///
    /// # Python
    ///
    /// `transport.close()`.
    pub fn close(&self) {
        // Whoever may start it may also end it, unless it has changed its user.
        let _ = self.kill();
        self.0.closed.set(true);
        self.0.wake();
    }

    async fn drive<P: SubprocessProtocol>(&self, protocol: &RefCell<P>) {
        let made = self.clone();
        self.call("connection_made", || protocol.borrow_mut().connection_made(made));
        let exited = self.0.process.borrow().exit();
        let mut events = Events {
            transport: self,
            protocol,
            exited: Some(pin!(exited)),
            told_paused: false,
            buffer: vec![0; CHUNK],
        };
        poll_fn(|cx| events.poll(cx)).await;
        self.call("connection_lost", || protocol.borrow_mut().connection_lost());
    }

    /// Calls a function of the protocol's; one that panics ends the child.
    fn call(&self, what: &str, function: impl FnOnce()) {
        if guarded(what, || format!("child {}", self.pid()), function).is_err() {
            self.close();
        }
    }
}

impl Shared {
    fn wake(&self) {
        wake(&self.waker);
    }
}

/// What happens to a child, told to its protocol.
struct Events<'a, P, E> {
    transport: &'a SubprocessTransport,
    protocol: &'a RefCell<P>,
    /// Until it was told.
    exited: Option<Pin<&'a mut E>>,
    /// What the protocol knows of the water marks.
    told_paused: bool,
    buffer: Vec<u8>,
}

/// What became of a pipe.
type Lost = Option<io::Error>;

impl<P: SubprocessProtocol, E: Future<Output = ExitStatus>> Events<'_, P, E> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &self.transport.0;
        remember(&shared.waker, cx.waker());
        self.tell_marks();
        if let Poll::Ready(lost) = self.poll_stdin(cx) {
            self.lose(0, lost);
        }
        for descriptor in [1, 2] {
            while let Poll::Ready(read) = self.poll_output(cx, descriptor) {
                match read {
                    Ok(len) => {
                        let data = &self.buffer[..len];
                        self.transport.call("pipe_data_received", || {
                            self.protocol.borrow_mut().pipe_data_received(descriptor, data)
                        });
                    }
                    Err(lost) => {
                        self.lose(descriptor, lost);
                        break;
                    }
                }
            }
        }
        if self.exited.as_mut().is_some_and(|exited| exited.as_mut().poll(cx).is_ready()) {
            self.exited = None;
            self.transport.call("process_exited", || self.protocol.borrow_mut().process_exited());
        }
        let outputs_lost = {
            let process = shared.process.borrow();
            process.stdout.is_none() && process.stderr.is_none()
        };
        if self.exited.is_some() || !outputs_lost {
            return Poll::Pending;
        }
        // Nobody is left who would read it.
        if shared.process.borrow().stdin.is_some() {
            self.lose(0, None);
        }
        Poll::Ready(())
    }

    /// Ready when the standard input is closed.
    fn poll_stdin(&self, cx: &mut Context<'_>) -> Poll<Lost> {
        let shared = &self.transport.0;
        let mut process = shared.process.borrow_mut();
        let Some(stdin) = &mut process.stdin else { return Poll::Pending };
        if shared.closed.get() {
            stdin.abort();
            return Poll::Ready(None);
        }
        let stdin = Pin::new(stdin);
        // While it is open, only a loss is worth telling; the end of a flush is not.
        let polled = if stdin.is_closing() { stdin.poll_close(cx) } else { stdin.poll_flush(cx) };
        match ready!(polled) {
            Ok(()) if !process.stdin.as_ref().is_some_and(StreamWriter::is_closing) => Poll::Pending,
            outcome => Poll::Ready(outcome.err()),
        }
    }

    /// Tells of the water marks, if there is news.
    fn tell_marks(&mut self) {
        let paused = self.transport.0.process.borrow().stdin.as_ref().is_some_and(StreamWriter::is_paused);
        if std::mem::replace(&mut self.told_paused, paused) != paused {
            let what = if paused { "pause_writing" } else { "resume_writing" };
            self.transport.call(what, || match paused {
                true => self.protocol.borrow_mut().pause_writing(),
                false => self.protocol.borrow_mut().resume_writing(),
            });
        }
    }

    /// Some bytes of an output, or that it is to be closed.
    fn poll_output(&mut self, cx: &mut Context<'_>, descriptor: i32) -> Poll<Result<usize, Lost>> {
        let shared = &self.transport.0;
        let mut process = shared.process.borrow_mut();
        let output = if descriptor == 1 { &mut process.stdout } else { &mut process.stderr };
        let Some(output) = output else { return Poll::Pending };
        if shared.closed.get() {
            return Poll::Ready(Err(None));
        }
        Poll::Ready(match ready!(Pin::new(output).poll_read(cx, &mut self.buffer)) {
            Ok(0) => Err(None),
            Ok(len) => Ok(len),
            Err(error) => Err(Some(error)),
        })
    }

    fn lose(&self, descriptor: i32, error: Lost) {
        {
            let mut process = self.transport.0.process.borrow_mut();
            match descriptor {
                0 => process.stdin = None,
                1 => process.stdout = None,
                _ => process.stderr = None,
            }
        }
        self.transport.call("pipe_connection_lost", || {
            self.protocol.borrow_mut().pipe_connection_lost(descriptor, error)
        });
    }
}

impl fmt::Debug for SubprocessTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubprocessTransport").field(&self.0.process).finish()
    }
}
