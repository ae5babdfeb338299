//! What lives where the program's futures live, and tells the ledger of their drops.

use super::ledger::{Ledger, Ticket};
use std::cell::Cell;
use std::rc::Rc;

/// Goes with the future of a life.
pub(super) struct Life {
    pub(super) ledger: Rc<Ledger>,
    pub(super) ticket: Ticket,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.ledger.gone(self.ticket);
    }
}

/// Somebody awaits these tasks: a cancel of whoever does is a cancel of theirs, unless it was disarmed before.
pub(super) struct Awaiting {
    pub(super) ledger: Rc<Ledger>,
    pub(super) tickets: Vec<Ticket>,
}

impl Awaiting {
    pub(super) fn disarm(mut self) {
        self.tickets.clear();
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        if !self.ledger.drops_plainly() {
            self.tickets.iter().for_each(|ticket| {
                self.ledger.ask(*ticket, None);
            });
        }
    }
}

/// A clean-up that `owner` owes, once `part` is gone.
pub(super) struct CleanUp {
    ledger: Rc<Ledger>,
    owner: Ticket,
    part: Ticket,
    begun: Cell<bool>,
    ended: Cell<bool>,
}

impl CleanUp {
    pub(super) fn new(ledger: &Rc<Ledger>, owner: Ticket, part: Ticket) -> Self {
        ledger.owe(owner);
        Self { ledger: ledger.clone(), owner, part, begun: Cell::new(false), ended: Cell::new(false) }
    }

    pub(super) fn begin(&self) {
        let gone = self.ledger.with(self.part, |record| record.gone);
        self.ledger.must(gone, || format!("{} is cleaned up after before it has gone", self.part));
        self.ledger.must(!self.begun.replace(true), || format!("a clean-up of {} began twice", self.owner));
    }

    pub(super) fn end(&self) {
        self.ledger.saw("clean-ups");
        self.ended.set(true);
        self.ledger.pay(self.owner, false);
    }
}

impl Drop for CleanUp {
    fn drop(&mut self) {
        let ended = self.ended.get();
        self.ledger.must(ended, || format!("a clean-up of {} did not run to its end", self.owner));
    }
}
