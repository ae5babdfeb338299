//! A connection that calls its protocol.
//!
//! ```text
//!   connection_made ──► READING ◄──pause, resume──► PAUSED
//!                          │ eof_received: keep it open      │
//!                          ├──────────────► WRITING ONLY     │
//!                          │ eof, close        │ close       │ close
//!                          ▼                   ▼             ▼
//!                       CLOSING: what was written is sent, nothing is read
//!                          │ all sent, or abort, or an error from any state
//!                          ▼
//!                       connection_lost, in a turn of its own; then the protocol is let go
//! ```

mod calls;
mod reading;

use crate::buffer::Buffer;
use crate::channel::Channel;
use crate::connect::Connect;
use crate::error::WriteError;
use crate::info::informs;
use crate::limits::WriteLimits;
use crate::link::Link;
use crate::listen::{Accept, Listen};
use crate::protocol::{AnyProtocol, ProtocolHandle};
use crate::send_file::{SendFile, SendFileError};
use crate::server::Server;
use calls::Shared;
use core_loop::net::Address;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice};
use std::rc::Rc;

/// A connection that calls its [`Protocol`](crate::Protocol): a cheap handle, `!Send`. The connection lives on without one.
///
/// # Python
///
/// `asyncio.Transport`.
#[derive(Clone)]
pub struct Transport(Rc<Shared>);

/// Connects to `address`, makes a protocol, and tells it of the connection; with the options that [`Connect::new`] has.
///
/// # Errors
///
/// As [`open_connection`](crate::open_connection).
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what it has begun to connect.
///
/// # Python
///
/// `loop.create_connection(protocol_factory, host, port)`.
///
/// # Examples
///
/// ```
/// use loop_io::{BaseProtocol, Protocol, Transport};
///
/// #[derive(Default)]
/// struct Echo(Option<Transport>);
///
/// impl BaseProtocol for Echo {
///     fn connection_made(&mut self, transport: Transport) {
///         self.0 = Some(transport);
///     }
/// }
///
/// impl Protocol for Echo {
///     fn data_received(&mut self, data: &[u8]) -> std::io::Result<()> {
///         Ok(self.0.as_ref().expect("it is connected").write(data)?)
///     }
/// }
///
/// # core_loop::run(async {
/// let server = loop_io::create_server(Echo::default, "127.0.0.1:0").await?;
/// let (mut reader, writer) = loop_io::open_connection(server.addresses()[0]).await?;
/// writer.write(b"hello")?;
/// assert_eq!(reader.read_exact(5).await?, b"hello");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub async fn create_connection<K, P: AnyProtocol<K>>(
    factory: impl FnOnce() -> P,
    address: impl Into<Address>,
) -> io::Result<(Transport, ProtocolHandle<P>)> {
    Connect::new().create_connection(factory, address).await
}

/// Makes a protocol for each connection to `address`, with the options that [`Listen::new`] has.
///
/// # Errors
///
/// As [`start_server`](crate::start_server).
///
/// # Panics
///
/// Outside a loop. If `factory` does, that is reported to the loop's exception handler, and the connection is closed.
///
/// # Cancel safety
///
/// Dropping the future closes what listens already.
///
/// # Python
///
/// `loop.create_server(protocol_factory, host, port)`.
pub async fn create_server<K, P: AnyProtocol<K>>(
    factory: impl Fn() -> P + 'static,
    address: impl Into<Address>,
) -> io::Result<Server> {
    Listen::new().create_server(factory, address).await
}

impl Connect {
    /// As [`create_connection`](crate::create_connection), with these options.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has begun to connect.
    pub async fn create_connection<K, P: AnyProtocol<K>>(
        &self,
        factory: impl FnOnce() -> P,
        address: impl Into<Address>,
    ) -> io::Result<(Transport, ProtocolHandle<P>)> {
        let stream = self.connect(address).await?;
        Ok(Transport::new(stream, factory()))
    }
}

impl Listen {
    /// As [`create_server`](crate::create_server), with these options.
    ///
    /// # Errors
    ///
    /// As [`start_server`](Self::start_server).
    ///
    /// # Panics
    ///
    /// As [`create_server`](crate::create_server).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn create_server<K, P: AnyProtocol<K>>(
        &self,
        factory: impl Fn() -> P + 'static,
        address: impl Into<Address>,
    ) -> io::Result<Server> {
        let listeners = self.listeners(address.into()).await?;
        Ok(self.create_server_on(factory, listeners))
    }

    /// The same over sockets of any kind: those of another listener, of a Unix socket, with TLS around them.
    ///
    /// # Panics
    ///
    /// As [`create_server`](crate::create_server).
    pub fn create_server_on<K, P: AnyProtocol<K>>(
        &self,
        factory: impl Fn() -> P + 'static,
        listeners: Vec<Box<dyn Accept>>,
    ) -> Server {
        self.serve(listeners, move |link| {
            let _protocol = Transport::over(link.clone(), factory());
        })
    }
}

impl Transport {
    /// A transport over any channel: a connection that was accepted elsewhere, one end of a pair in memory, TLS around one
    /// of them. The protocol's `connection_made` is called inside.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn new<K, P: AnyProtocol<K>>(channel: impl Channel, protocol: P) -> (Self, ProtocolHandle<P>) {
        Self::over(Link::new(Box::new(channel)), protocol)
    }

    fn over<K, P: AnyProtocol<K>>(link: Rc<Link>, protocol: P) -> (Self, ProtocolHandle<P>) {
        Self::over_with(link, Buffer::default(), protocol)
    }

    /// `unread` came before, and is received first.
    pub(crate) fn over_with<K, P: AnyProtocol<K>>(
        link: Rc<Link>,
        unread: Buffer,
        protocol: P,
    ) -> (Self, ProtocolHandle<P>) {
        let protocol = Rc::new(RefCell::new(protocol));
        let transport = Self(Shared::new(link, P::receiver(protocol.clone())));
        transport.0.begin(unread);
        (transport.clone(), ProtocolHandle { transport, protocol })
    }

    /// Takes `bytes`: sends at once what the kernel has room for, and keeps the rest, which is sent in the background.
    ///
    /// # Errors
    ///
    /// After [`write_eof`](Self::write_eof) or [`close`](Self::close), and when the connection is lost: then nothing of it
    /// is sent any more.
    ///
    /// # Python
    ///
    /// `transport.write(data)`. There a write on a closing transport is ignored.
    pub fn write(&self, bytes: &[u8]) -> Result<(), WriteError> {
        self.0.link.write(bytes)
    }

    /// As [`write`](Self::write), of several pieces in a row. They leave together.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn writelines<B: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = B>) -> Result<(), WriteError> {
        self.0.link.writelines(pieces)
    }

    /// As [`writelines`](Self::writelines), for slices as `std` writes them. What the kernel has room for goes there from
    /// where it stands, without a copy.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> Result<(), WriteError> {
        self.0.link.write_vectored(pieces)
    }

    /// Ends the writing side once everything is sent. Nothing if the connection cannot.
    pub fn write_eof(&self) {
        self.0.link.write_eof();
    }

    /// Gives the protocol nothing more until [`resume_reading`](Self::resume_reading): the other side waits then. Again,
    /// nothing happens.
    pub fn pause_reading(&self) {
        self.0.paused.set(true);
    }

    /// Goes on. Again, or once closing, nothing happens.
    pub fn resume_reading(&self) {
        self.0.resume();
    }

    /// Whether the protocol is given what comes.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        !self.0.paused.get() && !self.0.link.is_closing() && !self.0.link.ended_there.get()
    }

    /// Closes once everything is sent. The protocol is given nothing more, and in the end `connection_lost(None)`.
    pub fn close(&self) {
        self.0.link.close();
    }

    /// Closes at once, and forgets what is not sent. `connection_lost(None)` comes soon, not inside this call.
    pub fn abort(&self) {
        self.0.link.abort();
    }

    /// Sets the water marks of `pause_writing` and `resume_writing`. A mark below what is unsent pauses at once.
    pub fn set_write_buffer_limits(&self, limits: WriteLimits) {
        self.0.link.set_limits(limits);
    }

    /// The water marks.
    #[must_use]
    pub fn get_write_buffer_limits(&self) -> WriteLimits {
        self.0.link.limits()
    }

    /// Calls another protocol from now on. It is not told of the connection: that is what the caller does.
    ///
    /// # Python
    ///
    /// `transport.set_protocol(protocol)`.
    pub fn set_protocol<K, P: AnyProtocol<K>>(&self, protocol: P) -> ProtocolHandle<P> {
        let protocol = Rc::new(RefCell::new(protocol));
        self.0.set_receiver(P::receiver(protocol.clone()));
        ProtocolHandle { transport: self.clone(), protocol }
    }

    /// What the protocol has to be told meanwhile is told afterwards.
    pub(crate) fn quietly<T>(&self, act: impl FnOnce() -> T) -> T {
        self.0.quietly(act)
    }

    /// As [`StreamWriter::sendfile`](crate::StreamWriter::sendfile).
    ///
    /// # Errors
    ///
    /// What the file or the connection says.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves a part of the file sent, and nobody knows how much: keep a [`SendFile`], which does.
    ///
    /// # Python
    ///
    /// `loop.sendfile(transport, file)`.
    pub async fn sendfile(&self, file: &File) -> Result<u64, SendFileError> {
        SendFile::new(file).to(self).await
    }

    /// What came before the protocol did, and it has not received.
    pub(crate) fn take_unread(&self) -> Vec<u8> {
        self.0.take_unread()
    }

    pub(crate) fn link(&self) -> &Link {
        &self.0.link
    }

    pub(crate) fn shared_link(&self) -> &Rc<Link> {
        &self.0.link
    }
}

informs!(Transport);

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("peer_name", &self.peer_name())
            .field("backlog", &self.get_write_buffer_size())
            .field("state", &self.0.link.state())
            .field("reading", &self.is_reading())
            .finish_non_exhaustive()
    }
}
