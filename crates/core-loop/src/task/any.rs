//! A task without the type of its output.

use super::header::{CALLBACKS, CANCEL, COOPERATIVE, Header};
use super::reference::TaskRef;
use crate::callback::{CallRef, Handle};
use crate::current::Loop;
use crate::error::Reason;
use crate::shared::Entry;
use std::fmt;
use std::panic::Location;

/// Any task of a loop: what can be asked and told without knowing the type of its output. A cheap handle, `!Send`; it keeps
/// neither the task running nor its output.
///
/// # Python
///
/// `asyncio.Task`, as `current_task()` and `all_tasks()` give it.
#[derive(Clone)]
pub struct AnyTask(pub(super) TaskRef);

/// The task whose step is running; `None` in a callback, and outside a loop.
///
/// # Python
///
/// `asyncio.current_task()`.
#[must_use]
pub fn current_task() -> Option<AnyTask> {
    Loop::try_current()?.inner().current.get().map(AnyTask)
}

/// All tasks of this thread's loop that have not ended, in the order of their spawns.
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `asyncio.all_tasks()`, which is a set.
#[must_use]
#[track_caller]
pub fn all_tasks() -> Vec<AnyTask> {
    Loop::current().inner().tasks.to_vec().into_iter().map(AnyTask).collect()
}

impl AnyTask {
    pub(crate) fn of(task: &TaskRef) -> Self {
        Self(task.clone())
    }

    pub(crate) fn header(&self) -> &Header {
        &self.0
    }

    /// Counts the loop's tasks from one, in the order of their spawns.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// The id of the task that spawned it; `None` if a callback or the program itself did.
    #[must_use]
    pub fn parent(&self) -> Option<u64> {
        self.0.parent()
    }

    /// Its name: `Task-7` unless it was [named](crate::Task::named) otherwise.
    ///
    /// # Python
    ///
    /// `Task.get_name()`.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Where it was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.0.spawned_at()
    }

    /// Whether it has ended.
    ///
    /// # Python
    ///
    /// `Task.done()`.
    #[must_use]
    pub fn done(&self) -> bool {
        self.0.is_done()
    }

    /// Asks for it to be cancelled: see [`Task::cancel`](crate::Task::cancel).
    pub fn cancel(&self, reason: impl Into<Reason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// How many cancels were asked for, less those that [`uncancel`](Self::uncancel) took back; and one for each group or timeout
    /// in it that has asked its body to end, for as long as that takes. Of a task that is not
    /// [cooperative](crate::spawn_cooperative), one at most.
    ///
    /// # Python
    ///
    /// `Task.cancelling()`.
    #[must_use]
    pub fn cancelling(&self) -> u32 {
        if self.0.is(COOPERATIVE) { self.0.extras().requests.count() } else { u32::from(self.0.is(CANCEL)) }
    }

    /// Takes one request of a cooperative task back, and gives how many are left. The last one takes along a cancel that has
    /// not been delivered. Whoever swallows a cancel calls this; a group, or a timeout, takes its own back itself.
    ///
    /// # Python
    ///
    /// `Task.uncancel()`.
    pub fn uncancel(&self) -> u32 {
        if self.0.is(COOPERATIVE) { self.0.extras().requests.uncancel() } else { self.cancelling() }
    }

    /// Has `callback` called soon after the task has ended, with it; in the next turn if it has ended already. Several are
    /// called in the order in which they were added. Cancelling the handle takes the callback back.
    ///
    /// # Panics
    ///
    /// Outside a loop. If `callback` panics, the exception handler is told.
    ///
    /// # Python
    ///
    /// `Task.add_done_callback(callback)`; `remove_done_callback` is the handle's `cancel`.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&Self) + 'static) -> Handle {
        let task = self.clone();
        let (handle, call) = Loop::current().prepare(move || callback(&task));
        if self.done() {
            self.0.call_back(call);
        } else {
            self.0.extras().callbacks.borrow_mut().push(call);
            self.0.set(CALLBACKS);
        }
        handle
    }
}

impl TaskRef {
    /// Queues all callbacks.
    #[cold]
    pub(super) fn call_all_back(&self) {
        let callbacks = self.extras().callbacks.take();
        callbacks.into_iter().for_each(|call| self.call_back(call));
    }

    fn call_back(&self, call: CallRef) {
        match self.shared.ready() {
            Some(ready) if !self.shared.is_closed() => ready.push(Entry::Call(call)),
            _ => call.cancel(),
        }
    }
}

impl PartialEq for AnyTask {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ptr() == other.0.as_ptr()
    }
}

impl Eq for AnyTask {}

impl fmt::Debug for AnyTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyTask")
            .field("name", &self.name())
            .field("done", &self.done())
            .field("spawned_at", &self.spawned_at().to_string())
            .finish_non_exhaustive()
    }
}
