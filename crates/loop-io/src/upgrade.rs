//! Another channel around that of an open connection: how TLS begins in the middle. And a transport in place of streams.

use crate::channel::Channel;
use crate::error::WriteError;
use crate::link::{Link, wake};
use crate::protocol::{AnyProtocol, ProtocolHandle};
use crate::reader::StreamReader;
use crate::transport::Transport;
use crate::writer::StreamWriter;
use std::fmt;
use std::mem;
use std::rc::Rc;

/// What an upgraded connection had in hand, for whatever is put around its channel.
#[non_exhaustive]
pub struct Beneath {
    /// What carried the connection until now.
    pub channel: Box<dyn Channel>,
    /// What came and was not read: it belongs in front of what comes from the channel.
    pub unread: Vec<u8>,
    /// What was written and not sent: it belongs in front of what goes to the channel, as it is.
    pub unsent: Vec<u8>,
}

impl StreamReader {
    /// Puts another channel around that of this connection, whose writer is `writer`. Both go on, over the new one; the
    /// connection keeps its names, its place in its server and its water marks.
    ///
    /// # Errors
    ///
    /// The connection is closing, closed, or its writing side has ended.
    ///
    /// # Panics
    ///
    /// If `writer` belongs to another connection. If `around` does, the connection is closed.
    ///
    /// # Python
    ///
    /// What `writer.start_tls` does below.
    pub fn upgrade<C: Channel>(
        &mut self,
        writer: &StreamWriter,
        around: impl FnOnce(Beneath) -> C,
    ) -> Result<(), WriteError> {
        same_connection(self, writer);
        let link = self.link.clone();
        let unread = || {
            // That line was one of the old channel's.
            self.skipping = false;
            self.buffer.take(self.buffer.len())
        };
        link.put_around(unread, around)
    }
}

impl Transport {
    /// Puts another channel around that of this connection. The protocol is told nothing of it, and is given what comes over
    /// the new one. What came before and was not received yet – see [`from_streams`](Self::from_streams) – is handed to
    /// `around`, and never to the protocol as it is: it must not be taken for something that came over the new channel.
    ///
    /// # Errors
    ///
    /// The connection is closing, closed, or its writing side has ended.
    ///
    /// # Panics
    ///
    /// If `around` does: then the connection is closed.
    ///
    /// # Python
    ///
    /// What `loop.start_tls` does below.
    pub fn upgrade<C: Channel>(&self, around: impl FnOnce(Beneath) -> C) -> Result<(), WriteError> {
        self.link().put_around(|| self.take_unread(), around)
    }

    /// A transport in the place of a reader and a writer. The protocol's `connection_made` is called inside; what the reader
    /// has in its buffer is received first.
    ///
    /// # Panics
    ///
    /// If they belong to two connections. Outside a loop.
    pub fn from_streams<K, P: AnyProtocol<K>>(
        mut reader: StreamReader,
        writer: StreamWriter,
        protocol: P,
    ) -> (Self, ProtocolHandle<P>) {
        same_connection(&reader, &writer);
        let (link, unread) = (reader.link.clone(), mem::take(&mut reader.buffer));
        link.halves_replaced.set(true);
        drop((reader, writer));
        Self::over_with(link, unread, protocol)
    }
}

fn same_connection(reader: &StreamReader, writer: &StreamWriter) {
    assert!(Rc::ptr_eq(&reader.link, &writer.link), "the reader and the writer belong to two connections");
}

impl Link {
    fn put_around<C: Channel>(
        &self,
        unread: impl FnOnce() -> Vec<u8>,
        around: impl FnOnce(Beneath) -> C,
    ) -> Result<(), WriteError> {
        /// Without a channel, when `around` panics, it is closed.
        struct Gap<'a>(&'a Link);
        impl Drop for Gap<'_> {
            fn drop(&mut self) {
                if self.0.channel.borrow().is_none() {
                    self.0.abort();
                }
            }
        }
        self.writable()?;
        let Some(channel) = self.channel.take() else { return Err(WriteError::Closed) };
        let gap = Gap(self);
        let mut backlog = self.backlog.borrow_mut();
        let len = backlog.len();
        let unsent = backlog.take(len);
        drop(backlog);
        if !unsent.is_empty() {
            self.unflushed.set(true);
        }
        let channel = around(Beneath { channel, unread: unread(), unsent });
        self.channel.replace(Some(Box::new(channel)));
        drop(gap);
        // They wait for what was there, and somebody else does now.
        wake(&self.reader);
        wake(&self.flusher);
        Ok(())
    }
}

impl fmt::Debug for Beneath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beneath")
            .field("peer_name", &self.channel.peer_name())
            .field("unread", &self.unread.len())
            .field("unsent", &self.unsent.len())
            .finish_non_exhaustive()
    }
}
