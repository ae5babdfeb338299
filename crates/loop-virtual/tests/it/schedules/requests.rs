//! The model of cancels: whom one reaches, and who may say that it has.
//!
//! A task of the usual kind that was asked is not polled again. A request to a cooperative one is for the part that began
//! last of those in which it can be taken, and that part is not polled again:
//!
//! ```text
//!             asked, and dropped before its next poll
//!   WAITING ───────────────────────────────────────────► TAKEN     the program hears of it when the clean-ups have ended
//!     │  │                                                    └─ dropped before that: the request is for the next
//!     │  └─── a part around it takes the request ──────► PASSED OVER (of the one around it): a violation
//!     └────── dropped by something else, or ended ─────► the request is for the next
//! ```

use super::ledger::{Kind, Ledger, Ticket};

/// What a cancel was asked for with: the words, if they are known.
pub(super) type Asked = Option<&'static str>;

/// A part in which a request can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Waiting,
    /// The request was meant for a place inside of it, which is gone with it.
    PassedOver,
    /// Somebody else has ended it.
    Abandoned,
    Taken(Option<Asked>),
}

impl Ledger {
    /// A cancel is asked for. Gives whether it is accepted.
    pub(super) fn ask(&self, ticket: Ticket, reason: Asked) -> bool {
        let (place, accepted) = self.with(ticket, |record| {
            let accepted = record.ended.is_none() && !record.gone;
            match record.kind {
                _ if !accepted => {}
                Kind::Cooperative => {
                    record.pending = Some(reason);
                    return (record.places.last().copied(), accepted);
                }
                _ => {
                    record.asked.get_or_insert(reason);
                }
            }
            (None, accepted)
        });
        if let Some(place) = place {
            self.ask(place, reason);
        }
        accepted
    }

    /// A part begins in which a request can be taken.
    pub(super) fn enter(&self, part: Ticket) {
        let task = self.task_of(part);
        self.with(part, |record| record.place = Some(Place::Waiting));
        let pending = self.with(task, |record| {
            record.places.push(part);
            record.pending.filter(|_| record.kind == Kind::Cooperative)
        });
        if let Some(reason) = pending {
            self.ask(part, reason);
        }
    }

    /// It is not the request that ends it. One that it has taken, and not told of, is for the next.
    pub(super) fn abandons(&self, part: Ticket) {
        let place = self.with(part, |record| record.place.replace(Place::Abandoned));
        let Some(Place::Taken(Some(reason))) = place else { return };
        let outer = self.with(self.task_of(part), |record| {
            let reason = *record.pending.get_or_insert(reason);
            record.places.last().copied().map(|outer| (outer, reason))
        });
        if let Some((outer, reason)) = outer {
            self.ask(outer, reason);
        }
    }

    /// It is gone: by itself, by a request, or with something around it. A request that it has not taken is for the place
    /// around it, or beside it, that began last.
    pub(super) fn leave(&self, part: Ticket) {
        let Some(place) = self.with(part, |record| record.place) else { return };
        let task = self.task_of(part);
        let ended = self.with(part, |record| record.ended.is_some());
        let is_last = self.with(task, |record| record.places.last() == Some(&part));
        if !ended && place != Place::Abandoned {
            let pending = self.with(task, |record| record.pending.take());
            self.must(place == Place::Waiting && is_last, || {
                format!("{part} took a request that was for one inside of it: {place:?}")
            });
            self.must(pending.is_some() || self.has_unseen_requests(task), || {
                format!("{task} was never asked")
            });
            self.with(part, |record| record.place = Some(Place::Taken(pending)));
        }
        let outer = self.with(task, |record| {
            record.places.retain(|place| *place != part);
            record.places.last().copied().zip(record.pending)
        });
        let Some((outer, reason)) = outer else { return };
        // Unless the one around it has dropped it by itself, it can only have gone because that one is going.
        let goes_along = self.is_inside(part, outer) && !self.polling.borrow().contains(&outer);
        if goes_along && self.with(part, |record| record.asked.is_some()) {
            self.with(outer, |record| {
                if record.place == Some(Place::Waiting) {
                    record.place = Some(Place::PassedOver);
                }
            });
        }
        self.ask(outer, reason);
    }

    /// The program hears of the request that the part has taken.
    pub(super) fn delivered(&self, part: Ticket, reason: &str) {
        self.saw("requests");
        let task = self.task_of(part);
        match self.with(part, |record| record.place) {
            Some(Place::Taken(Some(Some(words)))) if !self.has_unseen_requests(task) => {
                self.must(words == reason, || {
                    format!("{task} was asked because {words}, and hears {reason}")
                });
            }
            Some(Place::Taken(_)) => {}
            other => self.complain(format!("{part} has taken a request: {other:?}")),
        }
        self.must_be_finished(part, "a request was delivered");
    }

    /// A request may have come from somebody who does not tell: a limit, a group, the close.
    fn has_unseen_requests(&self, task: Ticket) -> bool {
        self.closing.get() || self.with(task, |record| record.limit.is_some() || record.group.is_some())
    }

    /// Whether it is a part of `outer`.
    fn is_inside(&self, ticket: Ticket, outer: Ticket) -> bool {
        let records = self.records.borrow();
        std::iter::successors(records[ticket].owner, |owner| records[*owner].owner)
            .any(|owner| owner == outer)
    }
}
