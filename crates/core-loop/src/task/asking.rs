//! Scopes inside a cooperative task that make requests of their own: groups, and timeouts.

use super::cooperative::Registration;
use super::header::COOPERATIVE;
use super::reference::TaskRef;
use crate::current::Loop;
use crate::error::Reason;
use std::cell::Cell;
use std::task::Waker;

/// A piece of a cooperative task whose body can be asked to end. Its request is counted as any other, reaches only what runs
/// inside the body, and is taken back when this goes.
pub(crate) struct Asking {
    task: TaskRef,
    number: u64,
    /// How many requests there were when it began: those are not its body's.
    before: u32,
    has_asked: Cell<bool>,
}

impl Asking {
    /// `None` if the task that runs is not a cooperative one: then there is nobody who could be asked.
    pub(crate) fn begin() -> Option<Self> {
        let task = Loop::try_current()?.inner().current.get().filter(|task| task.is(COOPERATIVE))?;
        let requests = &task.extras().requests;
        let (number, before) = (requests.begin_scope(), requests.count());
        Some(Self { task, number, before, has_asked: Cell::new(false) })
    }

    /// Runs one poll of the body.
    pub(crate) fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        struct Restore<'a>(&'a Cell<u64>, u64);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let inside = &self.task.extras().requests.inside;
        let _restore = Restore(inside, inside.replace(self.number));
        poll()
    }

    /// Asks the body to end, once.
    pub(crate) fn ask(&self, reason: Reason) {
        if !self.has_asked.replace(true) {
            self.task.extras().requests.ask_of(self.number, reason);
        }
    }

    /// The body is over: what was asked of it and not delivered is for nobody.
    pub(crate) fn close(&self) {
        self.task.extras().requests.withdraw(self.number);
    }

    /// A place after the body, where requests from around it can be taken.
    pub(crate) fn place(&self, waker: &Waker) -> Registration {
        Registration::within(self.task.clone(), self.number, waker)
    }

    /// Whether somebody around it wants the body to end, whatever it wants itself. The count says whether it still does.
    pub(crate) fn is_reached_from_outside(&self) -> bool {
        let requests = &self.task.extras().requests;
        let own = u32::from(self.has_asked.get());
        requests.count().saturating_sub(own) > self.before && requests.reached_from_outside(self.number)
    }

    /// Its outcome hides a request from around it, which is made again.
    pub(crate) fn ask_again(&self) {
        if self.is_reached_from_outside() {
            self.task.extras().requests.ask_again(self.number);
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.extras().requests.end_scope(self.number, self.has_asked.get());
    }
}
