//! What a runtime provides to carry the loop.
//!
//! The cut is asyncio's own, between `base_events` and the selectors: the loop's scheduler is one future, the *root*; a
//! [`Driver`] runs it on this thread, and its [`Reactor`] gives the tasks inside it the time, one timer, sockets and the
//! readiness of descriptors. Waking the loop from another thread is the root's own waker, which the runtime made.
//!
//! A runtime that is already running (a *guest* loop) has a reactor only: the root is awaited inside it.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A runtime that runs one root future on this thread.
pub trait Driver {
    /// What the root's tasks use while it runs.
    fn reactor(&self) -> Rc<dyn Reactor>;

    /// Polls `root` on this thread until it is ready. The root never panics.
    ///
    /// Whenever the root has woken itself, the runtime looks at its I/O and timers once before it polls it again.
    ///
    /// A runtime that can tell that nothing will ever wake the root again may return before the root is ready, and says so
    /// in [`gave_up`](Self::gave_up).
    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>);

    /// Why the last run returned before its root was ready. `None` if it did not, as most runtimes never do.
    fn gave_up(&self) -> Option<String> {
        None
    }
}

/// What a runtime gives to the tasks of a loop that it carries. Used on the loop's thread only.
pub trait Reactor {
    /// What this runtime promises.
    fn profile(&self) -> Profile;

    /// The time. Never runs backwards.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Sets the loop's one timer: wakes `cx`, which is the root's, at `deadline`; `None` disarms it. Each call replaces
    /// the one before. `Ready` if the deadline has passed already, and then nothing is armed.
    ///
    /// Called only between turns, when nothing is ready; never early, and late by at most the profile's granularity.
    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()>;

    /// Watches a descriptor that is in non-blocking mode.
    ///
    /// # Errors
    ///
    /// What the kernel says of a descriptor that cannot be watched (a plain file, for example).
    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>>;

    /// The runtime's own sockets. `None`: the loop does the system calls itself, over [`watch`](Self::watch).
    fn sockets(&self) -> Option<&dyn Sockets> {
        None
    }

    /// Announces that something outside this thread works for the loop, on behalf of the code at `place`, until the token
    /// is dropped, on any thread. `None` where time passes by itself: only a clock that jumps has to know.
    fn outside(&self, place: &'static Location<'static>) -> Option<Token> {
        let _ = place;
        None
    }
}

/// While it lives, a clock that jumps stands still. Whoever wakes the loop does so before it drops the token.
pub type Token = Box<dyn Send + Sync>;

/// The readiness of one watched descriptor. Dropping it ends the watch, before the descriptor can be closed.
pub trait Readiness {
    /// Tries `operation` until it does something else than `WouldBlock`; waits for readiness in between.
    ///
    /// One task at a time may wait for each direction: the waker of the last poll is the one that is woken.
    ///
    /// # Cancel safety
    ///
    /// Not polling again loses nothing: what the operation did not take stays with the descriptor.
    fn poll_io(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_io_up_to(cx, direction, 0, operation)
    }

    /// As [`poll_io`](Self::poll_io), for a stream socket and an operation that moves at most `limit` bytes; 0 says
    /// nothing.
    ///
    /// One that moved some bytes, but fewer, has emptied (or filled) the kernel's buffer: the runtime may spare the next
    /// attempt and wait at once, if it knows that the other side has neither closed nor failed. Of a read from a Unix socket
    /// that is not so: the kernel stops behind a message with descriptors.
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        limit: usize,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>>;
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards this program. An accept is a read.
    Read,
    /// Away from it. A connect is a write.
    Write,
}

/// A completion-based runtime's own sockets.
pub trait Sockets {
    /// Connects to `address`.
    fn connect(&self, address: SocketAddr) -> Connecting;

    /// Takes over a listening socket, which is in blocking mode, as a new one is.
    ///
    /// # Errors
    ///
    /// What the runtime says of a socket that it cannot take.
    fn listener(&self, listener: TcpListener) -> io::Result<Box<dyn Listener>>;

    /// Takes over a connected socket.
    ///
    /// # Errors
    ///
    /// What the runtime says of a socket that it cannot take; without a kernel below it, that it takes none.
    fn stream(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        drop(stream);
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this runtime takes no sockets of the kernel's: connect through it",
        ))
    }

    /// Listens on `address` in a network of the runtime's own, with room for `backlog` connections that wait. `None`: the
    /// loop makes a socket of the kernel's and hands it to [`listener`](Self::listener).
    fn listen(&self, address: SocketAddr, backlog: u16) -> Option<io::Result<Box<dyn Listener>>> {
        let _ = (address, backlog);
        None
    }
}

/// A connect on its way. Dropping it closes the socket.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>>>>;

/// A connected stream socket. One task may read while another writes.
///
/// # Cancel safety
///
/// Not polling again loses nothing: bytes that were read but not delivered stay with the stream.
pub trait Stream {
    /// Reads into `buffer`; zero bytes mean the end.
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from `buffer`.
    fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes from several buffers in a row: one write of what stands in them, as much of it as there is room for. Where
    /// [`is_write_vectored`](Self::is_write_vectored) says no, from the first that is not empty.
    fn poll_write_vectored(&self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        self.poll_write(cx, first.map_or(&[], |buffer| buffer))
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) writes from more than one buffer. Who collects would do
    /// better otherwise.
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// Hands to the kernel what the stream still keeps.
    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Closes one side or both, after a flush.
    fn poll_shutdown(&self, cx: &mut Context<'_>, how: Shutdown) -> Poll<io::Result<()>>;

    /// The address of the other side.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn peer_addr(&self) -> io::Result<SocketAddr>;

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Turns Nagle's algorithm off (`true`) or on.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn set_nodelay(&self, nodelay: bool) -> io::Result<()>;

    /// The descriptor behind it, for socket options. `None` where there is none, as in a network in memory.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A listening socket.
pub trait Listener {
    /// The next connection.
    ///
    /// # Cancel safety
    ///
    /// Not polling again loses nothing: an accept under way belongs to the listener, and so does the connection it gives.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Stream>, SocketAddr)>>;

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// What a runtime promises; the conformance suite verifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The runtime's name, as on the command line: `tokio`.
    pub name: &'static str,
    /// How much later than its deadline a timer may fire on an idle machine.
    pub timer_granularity: Duration,
    /// How it does I/O.
    pub io: Io,
}

impl Profile {
    /// A runtime called `name`.
    #[must_use]
    pub const fn new(name: &'static str, timer_granularity: Duration, io: Io) -> Self {
        Self { name, timer_granularity, io }
    }
}

/// How a runtime does I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Io {
    /// It waits until the system call would succeed, then makes it (epoll).
    Readiness,
    /// It hands the operation and its buffer to the kernel and waits for the result (`io_uring`).
    Completion,
}

/// Why a runtime cannot run here. A reason and its cure, never a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unavailable {
    /// The runtime's name.
    pub runtime: &'static str,
    /// What is missing: `io_uring_setup is forbidden (EPERM)`.
    pub reason: String,
    /// What helps: `allow it in the container's seccomp profile, or run on another runtime`.
    pub cure: String,
}

impl Unavailable {
    /// `runtime` cannot run here because of `reason`; `cure` helps.
    #[must_use]
    pub fn new(runtime: &'static str, reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { runtime, reason: reason.into(), cure: cure.into() }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot run here: {}; {}", self.runtime, self.reason, self.cure)
    }
}

impl std::error::Error for Unavailable {}
