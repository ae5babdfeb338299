//! What has gone wrong in a group so far.

use super::GroupError;
use crate::exception::{self, ExceptionContext, report};
use contract::Panic;

pub(super) struct Failures<E> {
    /// In the order of failing.
    errors: Vec<E>,
    /// The first one; it goes on in whoever awaits the group. Of others the exception handler hears.
    panic: Option<Panic>,
}

impl<E> Failures<E> {
    pub(super) fn none() -> Self {
        Self { errors: Vec::new(), panic: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.panic.is_none()
    }

    pub(super) fn error(&mut self, error: E) {
        self.errors.push(error);
    }

    /// Gives it back if it is not the first.
    pub(super) fn panic(&mut self, panic: Panic) -> Option<Panic> {
        if self.panic.is_some() {
            return Some(panic);
        }
        self.panic = Some(panic);
        None
    }

    /// # Panics
    ///
    /// With the panic, if there was one: errors beside it are lost.
    pub(super) fn into_error(mut self) -> Option<GroupError<E>> {
        if let Some(panic) = self.panic.take() {
            exception::shielded("the destructor of a child's error panicked", || drop(self));
            panic.resume();
        }
        GroupError::of(std::mem::take(&mut self.errors))
    }
}

/// Nobody awaits the group any more.
impl<E> Drop for Failures<E> {
    fn drop(&mut self) {
        if let Some(panic) = self.panic.take() {
            report_panic(&panic);
        }
    }
}

pub(super) fn report_panic(panic: &Panic) {
    report(&ExceptionContext::panicked("a panic in a group that nobody got", panic));
}
