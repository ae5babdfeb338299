//! A group's children, and how far it has come.
//!
//! ```text
//!         a child or the body fails; `cancel`; the group is dropped; a body that is asked passes a cancel on
//!   OPEN ───────────────────────────────────────────────────────────► SHUTTING DOWN
//!     │  the body is over, and no child is left                             │ no child is left
//!     └──────────────────────────────────► ENDED ◄──────────────────────────┘
//!
//!   Only OPEN takes children. On the way to SHUTTING DOWN all are cancelled, once; and a body that can be asked to end, is.
//! ```

use super::failures::{Failures, report_panic};
use crate::bells::{Bell, Bells};
use crate::error::Reason;
use crate::exception;
use crate::task::Asking;
use contract::Panic;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A child, as its group sees it.
pub(super) trait Member<E> {
    /// Looks at it: its bell rang, or it is new.
    fn poll(&self) -> Poll<End<E>>;

    /// Asks it to end.
    fn cancel(&self, reason: Reason);
}

/// How a child, or the body, ended. A cancel is no failure.
pub(super) enum End<E> {
    Well,
    Failed(E),
    Panicked(Panic),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    ShuttingDown,
    Ended,
}

pub(super) struct State<'env, E> {
    stage: Cell<Stage>,
    bells: Bells,
    /// Those that have not ended, by the order of their spawns.
    members: RefCell<BTreeMap<usize, Rc<dyn Member<E> + 'env>>>,
    spawned: Cell<usize>,
    failures: RefCell<Failures<E>>,
    /// The body, while it runs and if it can be asked to end.
    body: RefCell<Option<Rc<Asking>>>,
}

impl<'env, E> State<'env, E> {
    /// `as_any` is for the exception handler, should nobody else hear of an error.
    pub(super) fn new(as_any: fn(&E) -> Option<&dyn Any>) -> Self {
        Self {
            stage: Cell::new(Stage::Open),
            bells: Bells::default(),
            members: RefCell::default(),
            spawned: Cell::new(0),
            failures: RefCell::new(Failures::none(as_any)),
            body: RefCell::new(None),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(super) fn len(&self) -> usize {
        self.members.borrow().len()
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failures.borrow().is_empty()
    }

    /// A place for one more child, and its bell.
    pub(super) fn place(&self) -> (usize, Bell) {
        let id = self.spawned.get();
        self.spawned.set(id + 1);
        (id, self.bells.bell(id))
    }

    pub(super) fn add(&self, id: usize, member: Rc<dyn Member<E> + 'env>) {
        self.members.borrow_mut().insert(id, member);
    }

    /// Takes leave of the children that have ended, in the order in which they did; `cx` hears of the next. A failure shuts
    /// the group down – after the last of them, so that those who failed in the same turn are all there.
    pub(super) fn settle(&self, cx: &Context<'_>) {
        for id in self.bells.answer(cx) {
            self.look(id);
        }
        if self.has_failed() {
            self.shut_down(&"somebody in its group failed".into());
        }
    }

    /// Looks at a child, and takes leave of it if it has ended.
    fn look(&self, id: usize) {
        // Never borrowed while a child is looked at: what it runs may spawn, or cancel.
        let member = self.members.borrow().get(&id).cloned();
        let Some(member) = member else { return };
        if let Poll::Ready(end) = member.poll() {
            let ended = self.members.borrow_mut().remove(&id);
            self.note(end);
            // With its value, if nobody holds its handle.
            exception::shielded("the output's destructor panicked", || drop((ended, member)));
        }
    }

    pub(super) fn note(&self, end: End<E>) {
        match end {
            End::Well => {}
            End::Failed(error) => self.failures.borrow_mut().error(error),
            End::Panicked(panic) => {
                let second = self.failures.borrow_mut().panic(panic);
                if let Some(panic) = second {
                    report_panic(&panic);
                }
            }
        }
    }

    /// From now on this is to be asked when the group shuts down.
    pub(super) fn hand_body(&self, body: Option<Rc<Asking>>) {
        let before = self.body.replace(body);
        drop(before);
    }

    /// → SHUTTING DOWN, if it is OPEN: cancels all children, in the order of their spawns, then asks the body.
    pub(super) fn shut_down(&self, reason: &Reason) {
        if self.stage.get() != Stage::Open {
            return;
        }
        self.stage.set(Stage::ShuttingDown);
        let members: Vec<_> = self.members.borrow().values().cloned().collect();
        for member in members {
            member.cancel(reason.clone());
        }
        let body = self.body.borrow().clone();
        if let Some(body) = body {
            body.ask(reason.clone());
        }
    }

    /// → ENDED. Gives what has failed.
    pub(super) fn end(&self) -> Failures<E> {
        debug_assert!(self.members.borrow().is_empty(), "every child ends before its group");
        self.stage.set(Stage::Ended);
        let mut failures = self.failures.borrow_mut();
        let none = failures.emptied();
        std::mem::replace(&mut *failures, none)
    }

    /// → ENDED; of what has failed the exception handler hears.
    pub(super) fn end_unheard(&self) {
        self.end().report();
    }

    /// → ENDED, at once. Gives the children that are left, in the order of their spawns.
    pub(super) fn abandon(&self) -> impl Iterator<Item = Rc<dyn Member<E> + 'env>> + use<'env, E> {
        self.stage.set(Stage::Ended);
        self.members.take().into_values()
    }
}
