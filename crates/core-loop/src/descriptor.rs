//! Readiness of any descriptor.

use crate::Loop;
use contract::{Direction, Readiness, budget};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A descriptor that the loop watches: a pipe, a socket of another kind, a timer or a device.
///
/// # Cancel safety
///
/// Dropping any of its futures loses nothing: what an operation did not take stays with the descriptor.
///
/// # Examples
///
/// ```
/// use core_loop::Descriptor;
/// use std::io::{Read, Write};
///
/// # core_loop::run(async {
/// let (mut reader, mut writer) = std::io::pipe()?;
/// let readable = Descriptor::new(reader.try_clone()?)?;
/// writer.write_all(b"hello")?;
/// let mut buffer = [0; 8];
/// let len = readable.read_with(|_| reader.read(&mut buffer)).await?;
/// assert_eq!(&buffer[..len], b"hello");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `loop.add_reader` and `loop.add_writer`, which call a function each time; here a task waits, and one task at a time may
/// wait for each direction.
pub struct Descriptor {
    watch: Box<dyn Readiness>,
    descriptor: Rc<OwnedFd>,
}

impl Descriptor {
    /// Watches `descriptor`, and puts it into non-blocking mode. The mode is shared with its duplicates, in other processes
    /// too: think twice before you watch a terminal.
    ///
    /// # Errors
    ///
    /// What the kernel says of a descriptor that cannot be watched; of a plain file, which is always ready, it is a
    /// permission error.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn new(descriptor: impl Into<OwnedFd>) -> io::Result<Self> {
        let reactor = Loop::current().reactor();
        let descriptor = Rc::new(descriptor.into());
        set_nonblocking(descriptor.as_fd())?;
        Ok(Self { watch: reactor.watch(descriptor.clone())?, descriptor })
    }

    /// Waits until there is something to read, or the other side has closed. It looks and takes nothing: until something
    /// is read, it is ready at once.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub async fn readable(&self) -> io::Result<()> {
        self.until(Direction::Read).await
    }

    /// Waits until there is room to write, or the other side has closed.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub async fn writable(&self) -> io::Result<()> {
        self.until(Direction::Write).await
    }

    async fn until(&self, direction: Direction) -> io::Result<()> {
        self.with(direction, |descriptor| look(descriptor, direction)).await
    }

    /// Tries `operation`, which reads, until it does something else than `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Those of the operation, but `WouldBlock` and `Interrupted`.
    pub async fn read_with<R>(
        &self,
        operation: impl FnMut(BorrowedFd<'_>) -> io::Result<R>,
    ) -> io::Result<R> {
        self.with(Direction::Read, operation).await
    }

    /// Tries `operation`, which writes, until it does something else than `WouldBlock`.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with).
    pub async fn write_with<R>(
        &self,
        operation: impl FnMut(BorrowedFd<'_>) -> io::Result<R>,
    ) -> io::Result<R> {
        self.with(Direction::Write, operation).await
    }

    async fn with<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(BorrowedFd<'_>) -> io::Result<R>,
    ) -> io::Result<R> {
        poll_fn(|cx| self.poll_with(cx, direction, &mut operation)).await
    }

    /// The same for use in a `poll` function. The waker of the last call for a direction is the one that is woken.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with).
    pub fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(BorrowedFd<'_>) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        ready!(budget::spend(cx));
        let mut output = None;
        ready!(self.watch.poll_io(cx, direction, &mut || {
            output = Some(operation(self.descriptor.as_fd())?);
            Ok(0)
        }))?;
        let Some(output) = output else { unreachable!("the runtime says that the operation succeeded") };
        Poll::Ready(Ok(output))
    }
}

/// Puts a descriptor into non-blocking mode.
pub(crate) fn set_nonblocking(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    if !flags.contains(OFlag::O_NONBLOCK) {
        fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    }
    Ok(())
}

/// Whether a descriptor is ready at this moment; `WouldBlock` if not. Takes nothing, and asks for no mode.
pub(crate) fn look(descriptor: BorrowedFd<'_>, direction: Direction) -> io::Result<()> {
    let wanted = match direction {
        Direction::Read => PollFlags::POLLIN,
        Direction::Write => PollFlags::POLLOUT,
    };
    match poll(&mut [PollFd::new(descriptor, wanted)], PollTimeout::ZERO)? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor").field("descriptor", &self.descriptor).finish_non_exhaustive()
    }
}
