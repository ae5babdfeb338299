//! How a transport calls its protocol: one call at a time, and a panic ends only the connection.

use super::Transport;
use crate::buffer::Buffer;
use crate::link::{Link, Watcher, wake};
use crate::protocol::{Receiver, guarded, report};
use core_loop::{ExceptionContext, Loop};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::Waker;

pub(super) struct Shared {
    pub(super) link: Rc<Link>,
    /// `None` once it was told that the connection is lost: it may hold a handle of its own transport.
    protocol: RefCell<Option<Rc<dyn Receiver>>>,
    /// The protocol, or whoever looks at it, is busy: nothing can be told now.
    busy: Cell<bool>,
    /// What the protocol knows of the water marks.
    told_paused: Cell<bool>,
    /// It wants nothing at present.
    pub(super) paused: Cell<bool>,
    /// What came before the protocol did, and it has not received.
    unread: RefCell<Option<Box<Buffer>>>,
    /// Who reads, and waits for `resume_reading`.
    pub(super) waiting: RefCell<Option<Waker>>,
}

impl Shared {
    pub(super) fn new(link: Rc<Link>, protocol: Rc<dyn Receiver>) -> Rc<Self> {
        Rc::new(Self {
            link,
            protocol: RefCell::new(Some(protocol)),
            busy: Cell::new(false),
            told_paused: Cell::new(false),
            paused: Cell::new(false),
            unread: RefCell::new(None),
            waiting: RefCell::new(None),
        })
    }

    /// Tells the protocol of the connection, and begins to read.
    pub(super) fn begin(self: &Rc<Self>, unread: Buffer) {
        self.link.watch(self.clone());
        if !unread.is_empty() {
            self.unread.replace(Some(Box::new(unread)));
        }
        self.call("connection_made", |protocol| protocol.connection_made(Transport(self.clone())));
        self.start_reading();
    }

    /// Moves as much of what came before to `room` as it holds. How much; 0 when there is nothing left.
    pub(super) fn give_unread(&self, room: &mut [u8]) -> usize {
        let mut unread = self.unread.borrow_mut();
        let Some(buffer) = unread.as_mut() else { return 0 };
        let len = buffer.give(room);
        if buffer.is_empty() {
            *unread = None;
        }
        len
    }

    pub(super) fn take_unread(&self) -> Vec<u8> {
        self.unread.take().map(|mut unread| unread.take(unread.len())).unwrap_or_default()
    }

    pub(super) fn set_receiver(&self, protocol: Rc<dyn Receiver>) {
        let mut current = self.protocol.borrow_mut();
        if current.is_some() {
            let before = current.replace(protocol);
            drop(current);
            drop(before);
        }
    }

    /// Calls the protocol, if there still is one and nobody is inside. `None` too if it panicked: then the connection is
    /// lost.
    pub(super) fn call<T>(&self, what: &str, call: impl FnOnce(&dyn Receiver) -> T) -> Option<T> {
        let protocol = self.protocol.borrow().clone()?;
        let outcome = self.quietly(|| {
            let outcome = guarded(what, || self.peer(), || call(&*protocol));
            // In here, because the last handle of a protocol that was replaced runs its destructor.
            drop(protocol);
            outcome
        });
        match outcome {
            Ok(output) => Some(output),
            Err(panic) => {
                self.link.lose(io::Error::other(format!("its protocol panicked: {panic}")));
                None
            }
        }
    }

    /// The protocol gave an error: that is told, and the connection is lost.
    pub(super) fn refused(&self, error: io::Error) {
        report(&ExceptionContext::new(format!(
            "data_received of {}: a protocol failed: {error}",
            self.peer()
        )));
        self.link.lose(error);
    }

    /// Tells nothing while `act` runs, and then what has to be told.
    pub(super) fn quietly<T>(&self, act: impl FnOnce() -> T) -> T {
        struct Quiet<'a>(&'a Shared, bool);
        impl Drop for Quiet<'_> {
            fn drop(&mut self) {
                self.0.busy.set(self.1);
            }
        }
        let quiet = Quiet(self, self.busy.replace(true));
        let output = act();
        drop(quiet);
        self.tell_marks();
        output
    }

    /// Tells the protocol of the water marks, unless it knows or is busy.
    fn tell_marks(&self) {
        let paused = self.link.is_paused();
        if self.busy.get() || self.link.is_closed() || self.told_paused.replace(paused) == paused {
            return;
        }
        let what = if paused { "pause_writing" } else { "resume_writing" };
        // Comes back here when it is over, in case it wrote.
        self.call(what, |protocol| protocol.paused(paused));
    }

    pub(super) fn resume(&self) {
        self.paused.set(false);
        wake(&self.waiting);
    }

    fn peer(&self) -> String {
        self.link.peer_name.as_ref().map_or_else(|| "a connection".to_owned(), ToString::to_string)
    }

    /// The last call.
    fn tell_lost(&self) {
        let lost = self.link.lost();
        self.call("connection_lost", |protocol| protocol.connection_lost(lost));
        let protocol = self.protocol.take();
        // Told, and nothing is left that could end.
        let _panic = guarded("the drop", || self.peer(), || drop(protocol));
    }
}

impl Watcher for Shared {
    fn paused(&self) {
        self.tell_marks();
    }

    fn closed(self: Rc<Self>, attached: Option<Box<dyn Any>>) {
        wake(&self.waiting);
        // Not inside the call that closed: whoever made it may be the protocol itself.
        if let Some(lp) = Loop::try_current() {
            lp.call_soon(move || {
                self.tell_lost();
                drop(attached);
            });
        }
    }
}
