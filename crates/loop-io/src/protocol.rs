//! Protocols: what is called when something happens to a connection.

mod guard;
mod receiver;

use crate::error::Lost;
use crate::transport::Transport;
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;

pub(crate) use guard::{guarded, report};
pub use receiver::{AnyProtocol, Buffered, Plain};
pub(crate) use receiver::{Received, Receiver};

/// What every protocol is told.
///
/// # Ordering
///
/// `connection_made` comes first, once; `connection_lost` last, once. Calls never nest: what a protocol causes while it is
/// called – [`pause_writing`](Self::pause_writing) by a write – is told as soon as it has returned.
///
/// # Panics
///
/// One that panics, in any of its functions, is reported to the loop's exception handler, and its connection is lost. No
/// other connection notices.
///
/// # Python
///
/// `asyncio.BaseProtocol`.
pub trait BaseProtocol: 'static {
    /// The connection is there.
    fn connection_made(&mut self, transport: Transport) {
        let _ = transport;
    }

    /// It is closed: by this side if there is no error, else by what it says. An end that the other side sent is
    /// `eof_received`, not this.
    fn connection_lost(&mut self, error: Option<Lost>) {
        let _ = error;
    }

    /// More is unsent than the high water mark allows: better write no more for a while.
    fn pause_writing(&mut self) {}

    /// No more is unsent than the low water mark says.
    fn resume_writing(&mut self) {}
}

/// A protocol that is given what comes.
///
/// # Python
///
/// `asyncio.Protocol`.
pub trait Protocol: BaseProtocol {
    /// Some bytes came, cut anywhere.
    ///
    /// # Errors
    ///
    /// Whatever this protocol says of them. It is reported to the loop's exception handler, and the connection is lost.
    fn data_received(&mut self, data: &[u8]) -> io::Result<()>;

    /// The other side has ended. `true` keeps the connection open for writing; else it closes once everything is sent.
    fn eof_received(&mut self) -> bool {
        false
    }
}

/// A protocol that says where to put what comes: no copy.
///
/// # Python
///
/// `asyncio.BufferedProtocol`.
pub trait BufferedProtocol: BaseProtocol {
    /// Room for what comes next, `hint` bytes perhaps. Asked for more often than something comes.
    ///
    /// None at all is an error: the connection is lost.
    fn get_buffer(&mut self, hint: usize) -> &mut [u8];

    /// So many bytes came, at the front of the buffer that was asked for last.
    ///
    /// # Errors
    ///
    /// As [`Protocol::data_received`].
    fn buffer_updated(&mut self, len: usize) -> io::Result<()>;

    /// As [`Protocol::eof_received`].
    fn eof_received(&mut self) -> bool {
        false
    }
}

/// A protocol of a transport, for those outside who want to look at it: also when the connection is gone.
///
/// # Python
///
/// The second of the pair that `create_connection` gives.
pub struct ProtocolHandle<P> {
    pub(crate) transport: Transport,
    pub(crate) protocol: Rc<RefCell<P>>,
}

impl<P> ProtocolHandle<P> {
    /// Calls `look` with the protocol. What the transport has to tell meanwhile it tells when this is over.
    ///
    /// # Panics
    ///
    /// Inside one of the protocol's own functions: it has itself there.
    pub fn with<T>(&self, look: impl FnOnce(&mut P) -> T) -> T {
        self.transport.quietly(|| {
            let protocol = self.protocol.try_borrow_mut();
            look(&mut protocol.expect("a protocol looks at itself through `self`, not through its handle"))
        })
    }
}

impl<P> Clone for ProtocolHandle<P> {
    fn clone(&self) -> Self {
        Self { transport: self.transport.clone(), protocol: self.protocol.clone() }
    }
}

impl<P> fmt::Debug for ProtocolHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtocolHandle").field("transport", &self.transport).finish_non_exhaustive()
    }
}
