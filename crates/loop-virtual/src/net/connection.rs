//! A connection: two pipes, and an end at each side.

use super::link::Link;
use super::pipe::Pipe;
use crate::world::World;
use contract::driver::Stream;
use std::cell::Cell;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What both ends share.
pub(super) struct Connection {
    world: Rc<World>,
    link: Rc<Link>,
    /// From the one who connected to the other, and back.
    pipes: [Rc<Pipe>; 2],
    addresses: [SocketAddr; 2],
    /// Written so far, both directions.
    written: Cell<u64>,
}

/// One end.
pub(super) struct End {
    connection: Rc<Connection>,
    /// Which of the two pipes it writes to; it reads from the other.
    side: usize,
}

impl Connection {
    /// The two ends: of the one who connected from `from`, and of the one at `to`.
    pub(super) fn ends(world: &Rc<World>, link: &Rc<Link>, from: SocketAddr, to: SocketAddr) -> [End; 2] {
        let connection = Rc::new(Self {
            world: world.clone(),
            link: link.clone(),
            pipes: [(); 2].map(|()| Pipe::new(world.clone(), link.clone())),
            addresses: [from, to],
            written: Cell::new(0),
        });
        [0, 1].map(|side| End { connection: connection.clone(), side })
    }

    pub(super) fn has(&self, address: SocketAddr) -> bool {
        self.addresses.contains(&address)
    }

    pub(super) fn lose(&self) {
        self.pipes.iter().for_each(Pipe::lose);
    }

    pub(super) fn silence(&self) {
        self.pipes.iter().for_each(|pipe| pipe.silence());
    }

    /// How many bytes may be written before it is lost; `None` if this write loses it.
    fn allowed(&self) -> Option<usize> {
        if self.link.lose_one_in.is_some_and(|times| self.world.random.one_in(times.get())) {
            return None;
        }
        match self.link.lose_after {
            None => Some(usize::MAX),
            Some(limit) => match limit.saturating_sub(self.written.get()) {
                0 => None,
                left => Some(usize::try_from(left).unwrap_or(usize::MAX)),
            },
        }
    }
}

impl End {
    pub(super) fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    fn outgoing(&self) -> &Rc<Pipe> {
        &self.connection.pipes[self.side]
    }

    fn incoming(&self) -> &Rc<Pipe> {
        &self.connection.pipes[1 - self.side]
    }
}

impl Stream for End {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.incoming().read(cx.waker(), buffer)
    }

    fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Some(allowed) = self.connection.allowed() else {
            self.connection.lose();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        let sent = ready!(self.outgoing().write(cx.waker(), buffer, allowed))?;
        self.connection.written.update(|written| written + sent as u64);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was written is on its way already.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>, how: Shutdown) -> Poll<io::Result<()>> {
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            self.outgoing().close();
        }
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            self.incoming().stop_reading();
        }
        Poll::Ready(Ok(()))
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.connection.addresses[1 - self.side])
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.connection.addresses[self.side])
    }

    fn set_nodelay(&self, _nodelay: bool) -> io::Result<()> {
        // Nothing is ever collected.
        Ok(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.outgoing().close();
        self.incoming().hang_up();
    }
}
