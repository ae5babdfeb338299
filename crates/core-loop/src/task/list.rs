//! All tasks of a loop that have not ended, in the order of their spawns.
#![expect(unsafe_code, reason = "the links are in the tasks themselves: a task costs no second allocation")]

use super::header::Header;
use super::reference::TaskRef;
use std::cell::Cell;
use std::ptr::NonNull;

type Link = Cell<Option<NonNull<Header>>>;

/// A task's neighbours.
#[derive(Default)]
pub(super) struct Links {
    before: Link,
    after: Link,
}

/// Owns each task in it once, so that a future is dropped nowhere but on the loop's thread.
#[derive(Default)]
pub(crate) struct Tasks {
    first: Link,
    last: Link,
    len: Cell<usize>,
}

impl Tasks {
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    /// The one that was spawned first.
    pub(crate) fn first(&self) -> Option<TaskRef> {
        self.first.get().map(own)
    }

    pub(crate) fn to_vec(&self) -> Vec<TaskRef> {
        let mut tasks = Vec::with_capacity(self.len());
        let mut next = self.first();
        while let Some(task) = next {
            next = task.links.after.get().map(own);
            tasks.push(task);
        }
        tasks
    }

    /// Adds a task that is in no list.
    #[inline]
    pub(super) fn push(&self, task: TaskRef) {
        let header = task.into_raw();
        let last = self.last.replace(Some(header));
        // SAFETY: the list owns both.
        unsafe { header.as_ref() }.links.before.set(last);
        match last {
            // SAFETY: as above.
            Some(last) => unsafe { last.as_ref() }.links.after.set(Some(header)),
            None => self.first.set(Some(header)),
        }
        self.len.set(self.len.get() + 1);
    }

    /// Takes out a task that is in this list.
    #[inline]
    pub(super) fn remove(&self, task: &TaskRef) {
        let (before, after) = (task.links.before.take(), task.links.after.take());
        match before {
            // SAFETY: the list owns its neighbours.
            Some(before) => unsafe { before.as_ref() }.links.after.set(after),
            None => self.first.set(after),
        }
        match after {
            // SAFETY: as above.
            Some(after) => unsafe { after.as_ref() }.links.before.set(before),
            None => self.last.set(before),
        }
        self.len.set(self.len.get() - 1);
        // SAFETY: the list owned it once, and does no more.
        drop(unsafe { TaskRef::from_raw(task.as_ptr()) });
    }
}

/// A reference of one's own to a task in the list.
fn own(header: NonNull<Header>) -> TaskRef {
    // SAFETY: the list owns it, and lends its count for the clone.
    let lent = std::mem::ManuallyDrop::new(unsafe { TaskRef::from_raw(header) });
    TaskRef::clone(&lent)
}
