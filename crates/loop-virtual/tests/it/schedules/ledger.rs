//! The model: what has begun, who owns it, what was asked of it, and what must therefore be true.
//!
//! A *life* is one run of a plan: a task, a child of a group, or a part of one of them. It is *finished* when its future is
//! gone and everything that it owes – clean-ups, children, parts – is paid. Whoever says that something is over (a handle
//! that is done, a timeout, a group) is checked against that.
//!
//! ```text
//!             ended by itself                    nothing is owed any more
//!   ALIVE ───────────────────────► GONE ─────────────────────────────────────► FINISHED
//!     └──── dropped, which something must explain ─▲
//! ```

use super::group_book::GroupBook;
use super::guards::Life;
use super::requests::{Asked, Place};
use core_loop::{JoinError, Loop};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

/// Names a life.
pub(super) type Ticket = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A part of another life.
    Inline,
    /// A child that its group polls itself.
    Scoped,
    Task,
    Cooperative,
}

impl Kind {
    pub(super) fn is_task(self) -> bool {
        matches!(self, Self::Task | Self::Cooperative)
    }
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    /// What is not finished before this is.
    pub(super) owner: Option<Ticket>,
    pub(super) group: Option<usize>,
    pub(super) asked: Option<Asked>,
    /// By itself, and how.
    pub(super) ended: Option<bool>,
    pub(super) gone: bool,
    owed: u32,
    /// When, in the order of all ends.
    pub(super) finished: Option<u64>,
    /// The last debt was paid by another task: its own task hears of it a little later.
    pub(super) foreign: bool,
    /// Somebody gave it only so much time.
    pub(super) limit: Option<Instant>,
    /// Of a cooperative task: a request that nobody has taken.
    pub(super) pending: Option<Asked>,
    /// Of a cooperative task: the parts in which it can take one, the innermost last.
    pub(super) places: Vec<Ticket>,
    /// Of a part in which a request can be taken: whether it was, and with which words.
    pub(super) place: Option<Place>,
    /// It has passed a cancel on: the only way in which a cooperative task ends as cancelled.
    passed_on: bool,
    /// Its group may not have taken it: then it is never polled.
    refusable: bool,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) records: RefCell<Vec<Record>>,
    pub(super) groups: RefCell<Vec<GroupBook>>,
    sequence: Cell<u64>,
    complaints: RefCell<Vec<String>>,
    /// Those that are being polled right now, the innermost last.
    pub(super) polling: RefCell<Vec<Ticket>>,
    /// Futures are being dropped, and not because of a cancel.
    plainly: Cell<bool>,
    /// The loop is closing: whatever is left may be cancelled.
    pub(super) closing: Cell<bool>,
    pub(super) seen: RefCell<BTreeMap<&'static str, u64>>,
}

impl Ledger {
    pub(super) fn complain(&self, words: impl Into<String>) {
        self.complaints.borrow_mut().push(words.into());
    }

    pub(super) fn must(&self, holds: bool, words: impl FnOnce() -> String) {
        if !holds {
            self.complain(words());
        }
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints.take()
    }

    /// Counts how often something was tried, so that nothing is missing.
    pub(super) fn saw(&self, what: &'static str) {
        *self.seen.borrow_mut().entry(what).or_default() += 1;
    }

    pub(super) fn with<T>(&self, ticket: Ticket, look: impl FnOnce(&mut Record) -> T) -> T {
        look(&mut self.records.borrow_mut()[ticket])
    }

    /// The next number in the order of all ends.
    pub(super) fn next(&self) -> u64 {
        self.sequence.set(self.sequence.get() + 1);
        self.sequence.get()
    }

    pub(super) fn begin(self: &Rc<Self>, kind: Kind, owner: Option<Ticket>, group: Option<usize>) -> Life {
        if let Some(owner) = owner {
            self.owe(owner);
        }
        let record = Record {
            kind,
            owner,
            group,
            asked: None,
            ended: None,
            gone: false,
            owed: 0,
            finished: None,
            foreign: false,
            limit: None,
            pending: None,
            places: Vec::new(),
            place: None,
            passed_on: false,
            refusable: false,
        };
        self.records.borrow_mut().push(record);
        Life { ledger: self.clone(), ticket: self.records.borrow().len() - 1 }
    }

    pub(super) fn polled(&self, ticket: Ticket) {
        let (asked, over) = self.with(ticket, |record| {
            record.refusable = false;
            (record.asked, record.ended.is_some() || record.gone)
        });
        self.must(asked.is_none(), || format!("{ticket} was polled after its cancel: {asked:?}"));
        self.must(!over, || format!("{ticket} was polled after its end"));
    }

    pub(super) fn during_poll<T>(&self, ticket: Ticket, poll: impl FnOnce() -> T) -> T {
        self.polling.borrow_mut().push(ticket);
        let output = poll();
        self.polling.borrow_mut().pop();
        output
    }

    pub(super) fn ended(&self, ticket: Ticket, well: bool) {
        let before = self.with(ticket, |record| record.ended.replace(well));
        self.must(before.is_none(), || format!("{ticket} ended twice"));
        self.saw(if well { "values" } else { "failures" });
        if !well && self.failed(ticket) {
            self.group_has_failed(ticket);
        }
    }

    /// Whether its failure is its outcome: a cancel that came in its last step wins.
    pub(super) fn failed(&self, ticket: Ticket) -> bool {
        self.with(ticket, |record| {
            record.ended == Some(false) && (record.asked.is_none() || record.kind == Kind::Cooperative)
        })
    }

    pub(super) fn gone(&self, ticket: Ticket) {
        let twice = self.with(ticket, |record| std::mem::replace(&mut record.gone, true));
        self.must(!twice, || format!("{ticket} was dropped twice"));
        self.leave(ticket);
        self.must(self.is_explained(ticket), || format!("{ticket} was dropped, and nobody had cancelled it"));
        self.settle(ticket, false);
    }

    fn is_explained(&self, ticket: Ticket) -> bool {
        let by_group = self.with(ticket, |record| record.group).is_some_and(|group| self.group_ends(group));
        self.with(ticket, |record| {
            let late = record.limit.is_some_and(|limit| now() >= limit);
            record.kind == Kind::Inline
                || record.refusable
                || record.ended.is_some()
                || match record.kind {
                    Kind::Cooperative => record.passed_on,
                    _ => record.asked.is_some() || late || by_group || self.closing.get(),
                }
        })
    }

    pub(super) fn owe(&self, ticket: Ticket) {
        self.with(ticket, |record| record.owed += 1);
    }

    pub(super) fn pay(&self, ticket: Ticket, foreign: bool) {
        self.with(ticket, |record| record.owed -= 1);
        self.settle(ticket, foreign);
    }

    /// → FINISHED, if it is gone and owes nothing; then its owner has one debt less.
    fn settle(&self, ticket: Ticket, foreign: bool) {
        if !self.with(ticket, |record| record.gone && record.owed == 0 && record.finished.is_none()) {
            return;
        }
        let number = self.next();
        let (owner, is_task) = self.with(ticket, |record| {
            record.finished = Some(number);
            record.foreign = foreign;
            (record.owner, record.kind.is_task())
        });
        self.group_heard(ticket);
        if let Some(owner) = owner {
            self.pay(owner, foreign || is_task);
        }
    }

    pub(super) fn is_finished(&self, ticket: Ticket) -> bool {
        self.with(ticket, |record| record.finished.is_some())
    }

    /// `what` says that it is over.
    pub(super) fn must_be_finished(&self, ticket: Ticket, what: &str) {
        let owed = self.with(ticket, |record| (record.gone, record.owed));
        self.must(self.is_finished(ticket), || format!("{what}, but {ticket} (gone, owes): {owed:?}"));
    }

    /// The task that it is a part of, which may be itself.
    pub(super) fn task_of(&self, mut ticket: Ticket) -> Ticket {
        let records = self.records.borrow();
        while let Some(owner) = records[ticket].owner.filter(|_| !records[ticket].kind.is_task()) {
            ticket = owner;
        }
        ticket
    }

    /// Runs `drop`, which is no cancel. What `ticket` leaves behind is then its task's.
    pub(super) fn drop_plainly(&self, ticket: Ticket, drop: impl FnOnce()) {
        self.plainly.set(true);
        drop();
        self.plainly.set(false);
        if !self.is_finished(ticket) {
            let task = self.task_of(ticket);
            self.owe(task);
            if let Some(owner) = self.with(ticket, |record| record.owner.replace(task)) {
                self.pay(owner, false);
            }
        }
    }

    pub(super) fn drops_plainly(&self) -> bool {
        self.plainly.get()
    }

    /// It is given only so much time.
    pub(super) fn limit(&self, ticket: Ticket, deadline: Instant) {
        self.with(ticket, |record| record.limit = Some(deadline));
    }

    pub(super) fn may_be_refused(&self, ticket: Ticket) {
        self.with(ticket, |record| record.refusable = true);
    }

    pub(super) fn passes_on(&self, task: Ticket) {
        self.with(task, |record| record.passed_on = true);
    }

    /// What came of a task that nobody but its own handle can tell of.
    pub(super) fn joined(&self, ticket: Ticket, outcome: &Result<Result<Ticket, Ticket>, JoinError>) {
        self.must_be_finished(ticket, "a task is done");
        let (kind, ended, asked, passed_on, limit) = self
            .with(ticket, |record| (record.kind, record.ended, record.asked, record.passed_on, record.limit));
        let cooperative = kind == Kind::Cooperative;
        let well = match outcome {
            Ok(Ok(value)) => ended == Some(true) && *value == ticket && (cooperative || asked.is_none()),
            Ok(Err(error)) => ended == Some(false) && *error == ticket && (cooperative || asked.is_none()),
            Err(JoinError::Cancelled(_)) if self.closing.get() || limit.is_some() => true,
            Err(JoinError::Cancelled(_)) if cooperative => passed_on,
            Err(JoinError::Cancelled(reason)) => match asked {
                Some(words) => words.is_none_or(|words| words == reason.as_str()),
                None => false,
            },
            Err(_) => false,
        };
        self.saw(if outcome.is_err() { "cancelled tasks" } else { "tasks" });
        self.must(well, || format!("{ticket}: {outcome:?}, but {:?}", self.records.borrow()[ticket]));
    }

    /// How many tasks have a future left that a close can cancel.
    pub(super) fn tasks_alive(&self) -> usize {
        self.records.borrow().iter().filter(|record| record.kind.is_task() && !record.gone).count()
    }

    /// How many tasks are not finished.
    pub(super) fn tasks_left(&self) -> usize {
        self.records
            .borrow()
            .iter()
            .filter(|record| record.kind.is_task() && record.finished.is_none())
            .count()
    }

    /// All is over: nothing may be left.
    pub(super) fn nothing_is_left(&self) {
        let lives = self.records.borrow().len();
        for ticket in 0..lives {
            self.must_be_finished(ticket, "the loop is closed");
        }
    }
}

pub(super) fn now() -> Instant {
    Loop::current().time()
}
