//! Clean-ups with awaits: what `finally` leaves behind when it is dropped.

use crate::current::Loop;
use crate::exception::{ExceptionContext, report};
use contract::Panic;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type CleanUp = Pin<Box<dyn Future<Output = ()>>>;

/// The clean-ups that each task has yet to run, in the order in which they were registered.
pub(crate) struct CleanUps(RefCell<HashMap<u32, VecDeque<CleanUp>>>);

impl CleanUps {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(HashMap::new()))
    }

    fn count(&self, task: u32) -> usize {
        self.0.borrow().get(&task).map_or(0, VecDeque::len)
    }

    /// Runs the clean-ups of `task`, one after the other. Whoever panics is reported and done with.
    #[inline]
    pub(crate) fn poll(&self, task: u32, cx: &mut Context<'_>) -> Poll<()> {
        // Hardly any task leaves one.
        if self.0.borrow().is_empty() { Poll::Ready(()) } else { self.poll_some(task, cx) }
    }

    fn poll_some(&self, task: u32, cx: &mut Context<'_>) -> Poll<()> {
        // While one runs it is out of the map: it may register others, which come after it.
        while let Some(mut first) = self.pop(task) {
            if poll_one(&mut first, cx).is_pending() {
                self.0.borrow_mut().entry(task).or_default().push_front(first);
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn pop(&self, task: u32) -> Option<CleanUp> {
        let mut all = self.0.borrow_mut();
        let first = all.get_mut(&task)?.pop_front();
        if first.is_none() {
            all.remove(&task);
        }
        first
    }

    /// Takes what `task` has left.
    pub(crate) fn remove(&self, task: u32) -> VecDeque<CleanUp> {
        self.0.borrow_mut().remove(&task).unwrap_or_default()
    }
}

fn poll_one(clean_up: &mut CleanUp, cx: &mut Context<'_>) -> Poll<()> {
    Panic::catch(|| clean_up.as_mut().poll(cx)).unwrap_or_else(|panic| {
        report(&ExceptionContext::panicked("a clean-up panicked", &panic));
        Poll::Ready(())
    })
}

/// Hands a clean-up to the task that is running: it will not end before the clean-up has.
pub(crate) fn register(clean_up: CleanUp) {
    match Loop::try_current() {
        Some(lp) if !lp.inner().discarding.get() => {
            if let Some(task) = lp.inner().current.get() {
                lp.inner().clean_ups.0.borrow_mut().entry(task).or_default().push_back(clean_up);
                return;
            }
            lp.report(&ExceptionContext::new("a clean-up was skipped: it was dropped outside a task"));
        }
        _ => report(&ExceptionContext::new("a clean-up was skipped: its task was dropped without its loop")),
    }
}

/// The clean-ups that one drop registered, for whoever must wait for them: `timeout` does.
pub(crate) struct Pending(VecDeque<CleanUp>);

impl Pending {
    /// Runs `drop`, and takes over the clean-ups that it registered.
    pub(crate) fn of(lp: &Loop, drop: impl FnOnce()) -> Self {
        let Some(task) = lp.inner().current.get() else {
            drop();
            return Self(VecDeque::new());
        };
        let before = lp.inner().clean_ups.count(task);
        drop();
        let mut all = lp.inner().clean_ups.0.borrow_mut();
        Self(all.get_mut(&task).map(|all| all.split_off(before)).unwrap_or_default())
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(first) = self.0.front_mut() {
            if poll_one(first, cx).is_pending() {
                return Poll::Pending;
            }
            self.0.pop_front();
        }
        Poll::Ready(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.drain(..).for_each(register);
    }
}
