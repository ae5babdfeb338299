//! A main task that borrows from the caller of `run`.
#![expect(unsafe_code, reason = "a borrow is hidden from the loop for as long as the caller waits")]

use crate::current::Loop;
use crate::error::JoinError;
use crate::task::{Task, spawn};
use std::pin::Pin;

/// A main future on the loop. When this guard goes, the future is gone too: ended, or dropped on the spot.
pub(crate) struct Lent<'a> {
    lp: &'a Loop,
    task: Option<Task<()>>,
}

impl<'a> Lent<'a> {
    #[track_caller]
    pub(crate) fn new<'f: 'a>(lp: &'a Loop, main: Pin<Box<dyn Future<Output = ()> + 'f>>) -> Self {
        // SAFETY: only the lifetime changes. The future lives in the task's cell and nowhere else, and the guard discards
        // the task in its drop, before the borrows end; the guard is made and dropped inside `Runner::run`, which never
        // hands it out. Wakers that outlive it hold a cell whose future has been dropped.
        let main: Pin<Box<dyn Future<Output = ()> + 'static>> = unsafe { std::mem::transmute(main) };
        let _entered = lp.enter();
        Self { lp, task: Some(spawn(main)) }
    }

    pub(crate) fn task(&self) -> &Task<()> {
        self.task.as_ref().expect("the task is there until `end`")
    }

    /// What became of the future.
    pub(crate) fn end(mut self) -> Result<(), JoinError> {
        let mut task = self.task.take().expect("it ends once");
        task.discard(self.lp);
        task.take_outcome()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.discard(self.lp);
        }
    }
}
