//! What has gone wrong in a group so far.

use super::GroupError;
use crate::exception::{self, ExceptionContext, report};
use contract::Panic;
use std::any::{Any, type_name};

pub(super) struct Failures<E> {
    /// In the order of failing.
    errors: Vec<E>,
    /// The first one; it goes on in whoever awaits the group. Of others the exception handler hears.
    panic: Option<Panic>,
    /// What the exception handler can make of an error; `None` of one that borrows.
    as_any: fn(&E) -> Option<&dyn Any>,
}

impl<E> Failures<E> {
    pub(super) fn none(as_any: fn(&E) -> Option<&dyn Any>) -> Self {
        Self { errors: Vec::new(), panic: None, as_any }
    }

    /// What is left when they are taken.
    pub(super) fn emptied(&self) -> Self {
        Self::none(self.as_any)
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
    /// With the panic, if there was one: of errors beside it the exception handler hears.
    pub(super) fn into_error(mut self) -> Option<GroupError<E>> {
        if let Some(panic) = self.panic.take() {
            self.report();
            panic.resume();
        }
        GroupError::of(self.errors)
    }

    /// Nobody awaits the group any more: the exception handler hears of all.
    pub(super) fn report(self) {
        if let Some(panic) = &self.panic {
            report_panic(panic);
        }
        for error in self.errors {
            let message = format!("an error in a group that nobody got, a `{}`", type_name::<E>());
            let context = ExceptionContext { error: (self.as_any)(&error), ..ExceptionContext::new(message) };
            report(&context.in_current_task());
            exception::shielded("the destructor of a child's error panicked", || drop(error));
        }
    }
}

pub(super) fn report_panic(panic: &Panic) {
    report(&ExceptionContext::panicked("a panic in a group that nobody got", panic));
}
