//! Both kinds of protocol behind one trait: how bytes get into them.

use super::{BufferedProtocol, Protocol};
use crate::error::Lost;
use crate::transport::Transport;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::{Poll, ready};

/// How much a plain protocol is given at a time, at most: as much as in asyncio.
const CHUNK: usize = 256 * 1024;

thread_local! {
    /// Where bytes are on their way to a plain protocol. One for all connections of a thread: nobody keeps it.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A [`Protocol`], or a [`BufferedProtocol`]: whichever it is, `Kind` says so, and the compiler finds out.
pub trait AnyProtocol<Kind>: Sized + 'static {
    #[doc(hidden)]
    fn receiver(protocol: Rc<RefCell<Self>>) -> Rc<dyn Receiver>;
}

/// The kind of a [`Protocol`].
#[derive(Debug)]
pub enum Plain {}

/// The kind of a [`BufferedProtocol`].
#[derive(Debug)]
pub enum Buffered {}

/// Reads from the connection; 0 is the end.
pub(crate) type Read<'a> = dyn FnMut(&mut [u8]) -> Poll<io::Result<usize>> + 'a;

/// What came of a read.
#[derive(Debug)]
pub enum Received {
    /// Some bytes, and the protocol took them.
    Some,
    /// The other side has ended.
    End,
    /// The protocol does not take them.
    Refused(io::Error),
    /// The connection is lost, and knows it.
    Lost,
}

/// A protocol as its transport sees it.
pub trait Receiver {
    /// Reads, and gives what was read to the protocol.
    fn poll_receive(&self, read: &mut Read<'_>) -> Poll<Received>;
    fn eof_received(&self) -> bool;
    fn connection_made(&self, transport: Transport);
    fn connection_lost(&self, error: Option<Lost>);
    fn paused(&self, paused: bool);
}

/// What a protocol of either kind is told in the same way.
macro_rules! told_alike {
    () => {
        fn eof_received(&self) -> bool {
            self.0.borrow_mut().eof_received()
        }

        fn connection_made(&self, transport: Transport) {
            self.0.borrow_mut().connection_made(transport);
        }

        fn connection_lost(&self, error: Option<Lost>) {
            self.0.borrow_mut().connection_lost(error);
        }

        fn paused(&self, paused: bool) {
            match paused {
                true => self.0.borrow_mut().pause_writing(),
                false => self.0.borrow_mut().resume_writing(),
            }
        }
    };
}

struct PlainReceiver<P>(Rc<RefCell<P>>);

struct BufferedReceiver<P>(Rc<RefCell<P>>);

impl<P: Protocol> AnyProtocol<Plain> for P {
    fn receiver(protocol: Rc<RefCell<Self>>) -> Rc<dyn Receiver> {
        Rc::new(PlainReceiver(protocol))
    }
}

impl<P: BufferedProtocol> AnyProtocol<Buffered> for P {
    fn receiver(protocol: Rc<RefCell<Self>>) -> Rc<dyn Receiver> {
        Rc::new(BufferedReceiver(protocol))
    }
}

impl<P: Protocol> Receiver for PlainReceiver<P> {
    fn poll_receive(&self, read: &mut Read<'_>) -> Poll<Received> {
        let mut scratch = SCRATCH.take();
        if scratch.is_empty() {
            scratch.resize(CHUNK, 0);
        }
        let came = read(&mut scratch);
        let received = came.map(|came| told(came, |len| self.0.borrow_mut().data_received(&scratch[..len])));
        SCRATCH.set(scratch);
        received
    }

    told_alike!();
}

impl<P: BufferedProtocol> Receiver for BufferedReceiver<P> {
    fn poll_receive(&self, read: &mut Read<'_>) -> Poll<Received> {
        let mut protocol = self.0.borrow_mut();
        let buffer = protocol.get_buffer(CHUNK);
        if buffer.is_empty() {
            let why = "the protocol has no room: `get_buffer` gave an empty buffer";
            return Poll::Ready(Received::Refused(io::Error::other(why)));
        }
        let came = ready!(read(buffer));
        Poll::Ready(told(came, |len| protocol.buffer_updated(len)))
    }

    told_alike!();
}

fn told(came: io::Result<usize>, tell: impl FnOnce(usize) -> io::Result<()>) -> Received {
    match came {
        Ok(0) => Received::End,
        Ok(len) => tell(len).map_or_else(Received::Refused, |()| Received::Some),
        Err(_) => Received::Lost,
    }
}
