//! What a task can be asked and told without knowing the type of its output: the same through each of its handles.

use super::any::AnyTask;
use super::header::{CALLBACKS, COOPERATIVE};
use super::reference::TaskRef;
use crate::callback::{CallRef, Handle};
use crate::current::Loop;
use crate::error::JoinError;
use crate::shared::Entry;

/// The methods, for the `impl` of a handle: `surface!(self => TASK)`, where `TASK` gives its `TaskRef`.
macro_rules! surface {
    ($self:ident => $task:expr) => {
        /// Counts the loop's tasks from one, in the order of their spawns.
        #[must_use]
        pub fn id(&$self) -> u64 {
            $task.id()
        }

        /// The id of the task that spawned it; `None` if a callback or the program itself did.
        #[must_use]
        pub fn parent(&$self) -> Option<u64> {
            $task.parent()
        }

        /// Its name: `Task-7` unless it was [named](crate::Task::named) otherwise.
        ///
        /// # Python
        ///
        /// `Task.get_name()`.
        #[must_use]
        pub fn name(&$self) -> String {
            $task.name()
        }

        /// Gives it another name. The last one counts.
        ///
        /// # Python
        ///
        /// `Task.set_name(name)`.
        pub fn set_name(&$self, name: impl Into<String>) {
            $task.set_name(name.into());
        }

        /// Where it was spawned.
        #[must_use]
        pub fn spawned_at(&$self) -> &'static std::panic::Location<'static> {
            $task.spawned_at()
        }

        /// Whether it has ended.
        ///
        /// # Python
        ///
        /// `Task.done()`.
        #[must_use]
        pub fn done(&$self) -> bool {
            $task.is_done()
        }

        /// Whether it has ended as cancelled.
        ///
        /// # Python
        ///
        /// `Task.cancelled()`.
        #[must_use]
        pub fn cancelled(&$self) -> bool {
            $task.has_ended_cancelled()
        }

        /// Asks for the task to be cancelled: its future is dropped before its next poll, on the loop's thread, and the
        /// outcome is [`JoinError::Cancelled`](crate::JoinError::Cancelled) with this reason – also if the future became ready
        /// in the same turn. Clean-ups that [`finally`](crate::finally) registered still run. A task that was spawned with
        /// [`spawn_cooperative`](crate::spawn_cooperative) is asked instead, and answers itself.
        ///
        /// `false` if it comes too late, and then nothing changes: the task has ended, or its future has – it gave its output,
        /// or is being dropped – and only clean-ups are left, which run to their end. Of several reasons the first counts.
        ///
        /// # Python
        ///
        /// `Task.cancel(msg)`, which throws an exception into the task that it may swallow. Rust has nothing to throw. There it
        /// is true until the task is done, and interrupts a clean-up as well.
        pub fn cancel(&$self, reason: impl Into<crate::Reason>) -> bool {
            $task.cancel_by_hand(reason.into())
        }

        /// How many cancels were asked for in time, less those that [`uncancel`](Self::uncancel) took back; and one for each
        /// group or timeout in it that has asked its body to end, for as long as that takes. They count on while the task
        /// cleans up, and when it has ended.
        ///
        /// # Python
        ///
        /// `Task.cancelling()`.
        #[must_use]
        pub fn cancelling(&$self) -> u32 {
            $task.requests()
        }

        /// Takes one request of a cooperative task back, and gives how many are left. The last one takes along a cancel that
        /// has not been delivered. Whoever swallows a cancel calls this; a group, or a timeout, takes its own back itself. Of
        /// any other task none is taken back: nothing keeps its future from being dropped.
        ///
        /// # Python
        ///
        /// `Task.uncancel()`.
        pub fn uncancel(&$self) -> u32 {
            $task.uncancel()
        }

        /// Has `callback` called soon after the task has ended, with it; in the next turn if it has ended already.
        /// Cancelling the handle takes the callback back.
        ///
        /// # Ordering
        ///
        /// Several are called in the order in which they were added, and before whoever awaits the task goes on.
        ///
        /// # Panics
        ///
        /// Outside a loop. If `callback` panics, the exception handler is told.
        ///
        /// # Python
        ///
        /// `Task.add_done_callback(callback)`; `remove_done_callback` is the handle's `cancel`.
        #[track_caller]
        pub fn add_done_callback(&$self, callback: impl FnOnce(&crate::AnyTask) + 'static) -> crate::Handle {
            $task.call_when_done(callback)
        }
    };
}

pub(super) use surface;

impl TaskRef {
    pub(super) fn has_ended_cancelled(&self) -> bool {
        self.is_done() && matches!(self.failure(), Some(JoinError::Cancelled(_)))
    }

    /// How many cancels were asked for.
    pub(super) fn requests(&self) -> u32 {
        self.extras.get().map_or(0, |extras| extras.requests.count())
    }

    pub(super) fn uncancel(&self) -> u32 {
        if self.is(COOPERATIVE) { self.extras().requests.uncancel() } else { self.requests() }
    }

    #[track_caller]
    pub(super) fn call_when_done(&self, callback: impl FnOnce(&AnyTask) + 'static) -> Handle {
        let task = AnyTask::of(self);
        let (handle, call) = Loop::current().prepare(move || callback(&task));
        if self.is_done() {
            self.call_back(call);
        } else {
            self.extras().callbacks.borrow_mut().push(call);
            self.set(CALLBACKS);
        }
        handle
    }

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
