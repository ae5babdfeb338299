//! A child that says when it has started.

use super::slot::Slot;
use super::state::End;
use super::{ChildError, StartError};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// With this a child of [`TaskGroup::start`](super::TaskGroup::start) says that it has started. Dropping it says nothing.
///
/// # Python
///
/// AnyIO's and trio's `TaskStatus`.
#[must_use = "whoever started the child waits until `started` is called"]
pub struct TaskStatus<V>(Rc<dyn Told<V>>);

impl<V> TaskStatus<V> {
    /// The child has started, and `value` is what it has to tell: a port, an address. Whoever started it goes on.
    pub fn started(self, value: V) {
        self.0.told(value);
    }
}

/// Between a child and whoever waits for its report.
pub(super) struct Report<V, E> {
    pub(super) slot: Slot<Result<V, StartError<E>>>,
    /// Nobody waits any more: what the child fails with is its group's.
    pub(super) abandoned: Cell<bool>,
}

impl<V: 'static, E: 'static> Report<V, E> {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self { slot: Slot::empty(), abandoned: Cell::new(false) })
    }

    pub(super) fn status(self: &Rc<Self>) -> TaskStatus<V> {
        TaskStatus(self.clone())
    }
}

trait Told<V> {
    fn told(&self, value: V);
}

impl<V, E> Told<V> for Report<V, E> {
    fn told(&self, value: V) {
        self.slot.fill(Ok(value));
    }
}

/// Who must hear that a child ended before its report.
pub(super) trait Reporter<E> {
    /// The child has ended, without a value for the reason `why`. Gives back what its group must hear.
    fn ended(&self, end: End<E>, why: Option<&ChildError>) -> End<E>;
}

impl<V, E> Reporter<E> for Report<V, E> {
    fn ended(&self, end: End<E>, why: Option<&ChildError>) -> End<E> {
        if !self.slot.is_empty() || self.abandoned.get() {
            return end;
        }
        let (told, end) = match (end, why) {
            (End::Failed(error), _) => (StartError::Failed(error), End::Well),
            (end, Some(why)) => (StartError::Ended(why.clone()), end),
            (end, None) => (StartError::Unreported, end),
        };
        self.slot.fill(Err(told));
        end
    }
}

impl<V> fmt::Debug for TaskStatus<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskStatus").finish_non_exhaustive()
    }
}
