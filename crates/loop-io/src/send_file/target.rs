//! Where a file can be sent: into streams, transports and sockets.

use crate::link::{Lent, Link};
use crate::{Channel, StreamWriter, Transport};
use core_loop::net::{TcpStream, UnixStream};
use futures_io::AsyncWrite;
use std::fmt;
use std::future::{pending, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;

/// What can only be said of a connection, not of a file. The network has its say when the kernel gives up sending anew.
const LOST: [io::ErrorKind; 9] = [
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::NotConnected,
    io::ErrorKind::TimedOut,
    io::ErrorKind::HostUnreachable,
    io::ErrorKind::NetworkUnreachable,
    io::ErrorKind::NetworkDown,
];

/// Where a [`SendFile`](crate::SendFile) goes: a [`StreamWriter`], a [`Transport`], a [`TcpStream`] or a [`UnixStream`].
pub trait SendFileTarget: Way {}

impl<T: Way> SendFileTarget for T {}

/// How to get there. Not for others: what is sent past a channel must not overtake what was written.
pub trait Way {
    /// Ends when what was written before is sent.
    #[expect(async_fn_in_trait, reason = "nobody else implements it")]
    async fn open(&self) -> io::Result<Opened<'_>>;
}

/// A connection that takes a file.
pub struct Opened<'t>(Kind<'t>);

enum Kind<'t> {
    Link(Lent),
    Socket(Option<io::Result<OwnedFd>>, Box<dyn AsyncWrite + Unpin + 't>),
}

impl Opened<'_> {
    /// The descriptor to put the file into.
    pub(super) fn descriptor(&mut self) -> Option<io::Result<OwnedFd>> {
        match &mut self.0 {
            Kind::Link(lent) => lent.descriptor(),
            Kind::Socket(descriptor, _) => descriptor.take(),
        }
    }

    /// Writes, and counts what was taken.
    pub(super) async fn write(&mut self, mut bytes: &[u8], sent: &mut u64) -> io::Result<()> {
        match &mut self.0 {
            Kind::Link(lent) => {
                // Taken as a whole, before it waits.
                let written = lent.write(bytes)?;
                *sent += bytes.len() as u64;
                Ok(written.await?)
            }
            Kind::Socket(_, socket) => {
                while !bytes.is_empty() {
                    match poll_fn(|cx| Pin::new(&mut *socket).poll_write(cx, bytes)).await {
                        Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                        Ok(len) => {
                            *sent += len as u64;
                            bytes = &bytes[len..];
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }
        }
    }

    /// The kernel says so of the file or of the connection. If it is the connection, that is lost.
    pub(super) fn failed(&self, error: &io::Error) {
        if let (Kind::Link(lent), true) = (&self.0, LOST.contains(&error.kind())) {
            lent.lose(error);
        }
    }

    /// Ends when the connection takes nothing any more.
    pub(super) async fn over(&self) -> io::Error {
        match &self.0 {
            Kind::Link(lent) => lent.over().await.into(),
            Kind::Socket(..) => pending().await,
        }
    }
}

async fn lend(link: &Rc<Link>) -> io::Result<Opened<'static>> {
    Ok(Opened(Kind::Link(link.lend().await?)))
}

impl Way for StreamWriter {
    async fn open(&self) -> io::Result<Opened<'_>> {
        lend(&self.link).await
    }
}

impl Way for Transport {
    async fn open(&self) -> io::Result<Opened<'_>> {
        lend(self.shared_link()).await
    }
}

macro_rules! sockets {
    ($($socket:ty),*) => { $(
        impl Way for $socket {
            async fn open(&self) -> io::Result<Opened<'_>> {
                let shared = Channel::file_descriptor(self);
                Ok(Opened(Kind::Socket(shared.map(|shared| shared.try_clone_to_owned()), Box::new(self))))
            }
        }
    )* };
}

sockets!(TcpStream, UnixStream);

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}
