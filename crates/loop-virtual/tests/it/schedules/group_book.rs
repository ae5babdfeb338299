//! The model of a group: its children, what ended it, and what it must give.

use super::ledger::{Kind, Ledger, Ticket};
use core_loop::GroupError;

#[derive(Debug, Default)]
pub(super) struct GroupBook {
    pub(super) children: Vec<Ticket>,
    /// The failures that it must give, with their place in the order of all ends; whether that place is certain.
    failures: Vec<(u64, Ticket, bool)>,
    /// Started, and their starter waits for a report: their failure is the starter's.
    starting: Vec<Ticket>,
    /// Their failure may have gone with a starter who had not heard of it yet.
    uncertain: Vec<Ticket>,
    pub(super) cancelled: bool,
    failed: bool,
    /// It was dropped before its end.
    left: bool,
    over: bool,
}

/// Whether a group takes one more child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// Somebody has failed, and the group may not know yet.
    Closing,
    Closed,
}

impl Ledger {
    pub(super) fn begin_group(&self) -> usize {
        self.groups.borrow_mut().push(GroupBook::default());
        self.groups.borrow().len() - 1
    }

    pub(super) fn book<T>(&self, group: usize, look: impl FnOnce(&mut GroupBook) -> T) -> T {
        look(&mut self.groups.borrow_mut()[group])
    }

    pub(super) fn door(&self, group: usize) -> Door {
        self.book(group, |book| {
            if book.cancelled || book.over {
                Door::Closed
            } else if book.failed || book.left || self.closing.get() {
                Door::Closing
            } else {
                Door::Open
            }
        })
    }

    /// The children are cancelled, each that has not ended.
    pub(super) fn cancel_group(&self, group: usize) {
        let open = self.door(group) == Door::Open;
        let children = self.book(group, |book| {
            book.cancelled = true;
            book.children.clone()
        });
        for child in children {
            // The group may have asked before, when it heard of a failure: once or twice is all the same, but not to those who
            // count.
            if open || self.with(child, |record| record.kind != Kind::Cooperative) {
                self.ask(child, None);
            }
        }
    }

    pub(super) fn leave_group(&self, group: usize) {
        self.book(group, |book| book.left = true);
    }

    /// Whether it ends its children.
    pub(super) fn group_ends(&self, group: usize) -> bool {
        self.book(group, |book| book.cancelled || book.failed || book.left)
    }

    pub(super) fn group_has_failed(&self, child: Ticket) {
        if let Some(group) = self.with(child, |record| record.group) {
            self.book(group, |book| book.failed |= !book.starting.contains(&child));
        }
    }

    /// A child has finished: its group hears of it.
    pub(super) fn group_heard(&self, child: Ticket) {
        let (group, at, foreign) = self.with(child, |record| (record.group, record.finished, record.foreign));
        let (Some(group), Some(at)) = (group, at) else { return };
        if self.failed(child) {
            self.book(group, |book| {
                if !book.starting.contains(&child) {
                    book.failed = true;
                    book.failures.push((at, child, !foreign));
                }
            });
        }
    }

    pub(super) fn body_has_failed(&self, group: usize, body: Ticket) {
        let at = self.next();
        self.book(group, |book| {
            book.failed = true;
            book.failures.push((at, body, true));
        });
    }

    pub(super) fn begin_start(&self, group: usize, child: Ticket) {
        self.book(group, |book| book.starting.push(child));
    }

    /// It has reported, and is a child like any other.
    pub(super) fn reported(&self, group: usize, child: Ticket) {
        self.book(group, |book| book.starting.retain(|other| *other != child));
    }

    /// Its starter waits no more. It is cancelled, unless it has ended.
    pub(super) fn abandon_start(&self, group: usize, child: Ticket) {
        let waiting = self.book(group, |book| book.starting.contains(&child));
        if waiting {
            let finished = self.with(child, |record| record.ended.is_some());
            self.reported(group, child);
            if finished {
                self.book(group, |book| book.uncertain.push(child));
                self.group_has_failed(child);
            } else {
                self.ask(child, None);
            }
        }
    }

    /// The group is over, with this outcome.
    pub(super) fn end_group(&self, group: usize, body: Ticket, outcome: Result<Ticket, GroupError<Ticket>>) {
        let (children, mut failures, uncertain) = self.book(group, |book| {
            book.over = true;
            (book.children.clone(), std::mem::take(&mut book.failures), book.uncertain.clone())
        });
        for child in children {
            self.must_be_finished(child, "a group is over");
        }
        self.must_be_finished(body, "a group is over");
        let ended = self.with(body, |record| record.ended);
        failures.retain(|(_, child, _)| !uncertain.contains(child));
        failures.sort_unstable();
        let certain = failures.iter().all(|(_, _, certain)| *certain);
        let mut wanted: Vec<_> = failures.into_iter().map(|(_, child, _)| child).collect();
        let mut got: Vec<_> = match outcome {
            Ok(value) => {
                self.saw("groups that went well");
                let well = ended == Some(true) && value == body;
                self.must(well, || format!("a group gave {value}, its body {body} ended {ended:?}"));
                Vec::new()
            }
            Err(error) => {
                self.saw(if error.rest.is_empty() {
                    "groups that failed"
                } else {
                    "groups that failed twice"
                });
                error.into_iter().filter(|child| !uncertain.contains(child)).collect()
            }
        };
        if !certain {
            wanted.sort_unstable();
            got.sort_unstable();
        }
        self.must(wanted == got, || {
            format!("a group failed with {got:?}, but {wanted:?} failed, in this order")
        });
    }
}
