//! Listening: options, several addresses, and the seam to sockets that listen.

use crate::channel::{Channel, Endpoint};
use crate::connect::{Tuning, halves};
use crate::link::Link;
use crate::reader::{self, StreamReader};
use crate::server::{Outcome, Server, handled};
use crate::writer::StreamWriter;
use core_loop::net::{Address, ListenOptions, TcpListener};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// Something that listens: a socket of any kind, or a network in memory.
pub trait Accept: 'static {
    /// The next connection. Not polling again loses none. When descriptors have run out each call fails at once: whoever
    /// polls it pauses.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>>;

    /// Where it listens.
    fn local_name(&self) -> Option<Endpoint>;
}

/// Calls `handler` for each connection to `address`, in a task of its own, with the options that [`Listen::new`] has. Of a
/// host name it listens on all addresses.
///
/// A handler that gives an error, or panics, is reported to the loop's exception handler, and its connection closes; the
/// server goes on. One that is cancelled is not reported. When reader and writer are dropped, the connection closes once
/// everything is sent.
///
/// # Errors
///
/// Port in use, no permission, an unknown host: the error names the address.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what listens already.
///
/// # Python
///
/// `asyncio.start_server(client_connected_cb, host, port)`.
///
/// # Examples
///
/// ```
/// use loop_io::{StreamReader, StreamWriter};
///
/// # core_loop::run(async {
/// let echo = async |mut reader: StreamReader, writer: StreamWriter| {
///     loop {
///         let line = reader.readline().await?;
///         if line.is_empty() {
///             return std::io::Result::Ok(());
///         }
///         writer.write(&line)?;
///         writer.drain().await?;
///     }
/// };
/// let server = loop_io::start_server(echo, "127.0.0.1:0").await?;
/// let (mut reader, writer) = loop_io::open_connection(server.addresses()[0]).await?;
/// writer.write(b"hello\n")?;
/// assert_eq!(reader.readline().await?, b"hello\n");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn start_server<T: Outcome>(
    handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
    address: impl Into<Address>,
) -> io::Result<Server> {
    Listen::new().start_server(handler, address).await
}

/// How to listen.
///
/// # Python
///
/// The arguments of `loop.create_server`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Listen {
    options: ListenOptions,
    also: Vec<Address>,
    tuning: Tuning,
    limit: usize,
    starts: bool,
}

impl Listen {
    /// 1024 connections may wait, small writes leave at once, a line may have 64 KiB.
    pub const fn new() -> Self {
        Self {
            options: ListenOptions::new(),
            also: Vec::new(),
            tuning: Tuning::new(),
            limit: reader::LIMIT,
            starts: true,
        }
    }

    /// How many connections may wait to be accepted, at each address.
    pub const fn backlog(mut self, backlog: u16) -> Self {
        self.options = self.options.backlog(backlog);
        self
    }

    /// Beside other sockets that listen on the same address, of other loops or processes: the kernel spreads the
    /// connections over them. All have to ask for it.
    pub const fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.options = self.options.reuse_port(reuse_port);
        self
    }

    /// Listens on this address as well.
    ///
    /// # Python
    ///
    /// A sequence as `host`.
    pub fn also(mut self, address: impl Into<Address>) -> Self {
        self.also.push(address.into());
        self
    }

    /// Whether small writes leave at once (Nagle's algorithm is off). They do, unless this says otherwise.
    pub const fn nodelay(mut self, nodelay: bool) -> Self {
        self.tuning.nodelay = nodelay;
        self
    }

    /// Whether the kernel asks a silent peer now and then if it is still there.
    pub const fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.tuning.keep_alive = keep_alive;
        self
    }

    /// The readers' [`limit`](StreamReader::limit).
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Whether it accepts at once. If not, connections wait until [`Server::start_serving`] or
    /// [`Server::serve_forever`].
    pub const fn start_serving(mut self, starts: bool) -> Self {
        self.starts = starts;
        self
    }

    /// As [`start_server`](crate::start_server), with these options.
    ///
    /// # Errors
    ///
    /// As [`start_server`](crate::start_server). If one of several addresses is taken, none is listened on; one that this
    /// machine does not have is left out, unless no other is left.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn start_server<T: Outcome>(
        &self,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        let listeners = self.listeners(address.into()).await?;
        Ok(self.start_server_on(handler, listeners))
    }

    /// As [`start_server`](Self::start_server), on listeners that are there already.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `start_server(…, sock=…)`.
    pub fn start_server_on<T: Outcome>(
        &self,
        handler: impl AsyncFn(StreamReader, StreamWriter) -> T + 'static,
        listeners: Vec<Box<dyn Accept>>,
    ) -> Server {
        let limit = self.limit;
        let handler = Rc::new(handler);
        self.serve(listeners, move |link| {
            let (mut reader, writer) = halves(link);
            reader.limit(limit);
            let handler = handler.clone();
            handled(link, async move { handler(reader, writer).await });
        })
    }

    pub(crate) fn serve(
        &self,
        listeners: Vec<Box<dyn Accept>>,
        serve: impl Fn(&Rc<Link>) + 'static,
    ) -> Server {
        let server = Server::new(listeners, Rc::new(serve));
        if self.starts {
            server.start_serving();
        }
        server
    }

    /// Listens on all of the addresses.
    pub(crate) async fn listeners(&self, address: Address) -> io::Result<Vec<Box<dyn Accept>>> {
        let mut addresses = Vec::new();
        for address in std::iter::once(&address).chain(&self.also) {
            for address in address.resolve().await? {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        // Else one of version six may take those of version four as well, and leave no place for a socket of theirs.
        let options = self.options.only_v6(addresses.len() > 1);
        let mut listeners: Vec<Box<dyn Accept>> = Vec::new();
        let mut missing = None;
        for address in addresses {
            match TcpListener::bind_with(address, options).await {
                Ok(listener) => listeners.push(Box::new(Tcp { listener, tuning: self.tuning })),
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        match missing {
            Some(error) if listeners.is_empty() => Err(error),
            _ => Ok(listeners),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self::new()
    }
}

/// A TCP listener, and what is done to its connections.
struct Tcp {
    listener: TcpListener,
    tuning: Tuning,
}

impl Accept for Tcp {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>> {
        let (stream, _) = ready!(self.listener.poll_accept(cx))?;
        // A peer that has gone already is found out when somebody reads: these are no errors of the listener.
        let _gone = self.tuning.apply(&stream);
        Poll::Ready(Ok(Box::new(stream)))
    }

    fn local_name(&self) -> Option<Endpoint> {
        Accept::local_name(&self.listener)
    }
}

impl Accept for TcpListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>> {
        let (stream, _) = ready!(Self::poll_accept(self, cx))?;
        Poll::Ready(Ok(Box::new(stream)))
    }

    fn local_name(&self) -> Option<Endpoint> {
        self.local_addr().ok().map(Endpoint::Inet)
    }
}

impl fmt::Debug for dyn Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("local_name", &self.local_name()).finish_non_exhaustive()
    }
}
