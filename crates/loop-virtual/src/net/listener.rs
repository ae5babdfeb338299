//! A port that listens, and those who knock.

use super::connection::End;
use super::network::Network;
use contract::driver::{Listener, Stream};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

/// What the network knows of a listener.
pub(super) struct Port {
    backlog: usize,
    /// Connected, and not accepted yet.
    waiting: RefCell<VecDeque<End>>,
    acceptor: Cell<Option<Waker>>,
}

/// The listening socket. Dropping it frees its address and loses whoever still waits.
pub(super) struct Listening {
    address: SocketAddr,
    port: Rc<Port>,
    network: Weak<Network>,
}

impl Port {
    pub(super) fn new(backlog: u16) -> Rc<Self> {
        Rc::new(Self {
            backlog: usize::from(backlog).max(1),
            waiting: RefCell::default(),
            acceptor: Cell::new(None),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.borrow().len() >= self.backlog
    }

    /// Somebody has connected.
    pub(super) fn admit(&self, end: End) {
        self.waiting.borrow_mut().push_back(end);
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.wake();
        }
    }
}

impl Listening {
    pub(super) fn new(address: SocketAddr, port: Rc<Port>, network: Weak<Network>) -> Self {
        Self { address, port, network }
    }
}

impl Listener for Listening {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Stream>, SocketAddr)>> {
        let next = self.port.waiting.borrow_mut().pop_front();
        let Some(end) = next else {
            self.port.acceptor.set(Some(cx.waker().clone()));
            return Poll::Pending;
        };
        let peer = end.peer_addr()?;
        Poll::Ready(Ok((Box::new(end), peer)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(network) = self.network.upgrade() {
            network.close(self.address);
        }
        let waiting = self.port.waiting.take();
        waiting.iter().for_each(|end| end.connection().lose());
    }
}
