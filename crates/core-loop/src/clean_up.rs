//! Clean-ups with awaits: what `finally` leaves behind when it is dropped.

use crate::current::Loop;
use crate::exception::{ExceptionContext, report};
use crate::task::TaskRef;
use contract::Panic;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type CleanUp = Pin<Box<dyn Future<Output = ()>>>;

impl TaskRef {
    /// Runs its clean-ups, one after the other. Whoever panics is reported and done with.
    #[cold]
    pub(crate) fn poll_clean_ups(&self, cx: &mut Context<'_>) -> Poll<()> {
        // While one runs it is out of the queue: it may register others, which come after it.
        while let Some(mut first) = self.pop_clean_up() {
            if poll_one(&mut first, cx).is_pending() {
                self.put_clean_up_back(first);
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Drops the clean-ups that are left.
    pub(crate) fn drop_clean_ups(&self, lp: &Loop) {
        let left = self.count_clean_ups();
        if left == 0 {
            return;
        }
        let message = format!("{left} clean-ups were dropped before they ended");
        lp.report(&ExceptionContext::new(message).in_task(self));
        while let Some(clean_up) = self.pop_clean_up() {
            if let Err(panic) = Panic::catch(|| drop(clean_up)) {
                let context = ExceptionContext::panicked("a clean-up's destructor panicked", &panic);
                lp.report(&context.in_task(self));
            }
        }
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
            // One that has ended runs nothing more.
            if let Some(task) = lp.inner().current.get().filter(|task| !task.is_done()) {
                return task.push_clean_up(clean_up);
            }
            lp.report(&ExceptionContext::new("a clean-up was skipped: it was dropped outside a task"));
        }
        _ => report(&ExceptionContext::new("a clean-up was skipped: its task was dropped without its loop")),
    }
}

/// As [`register`], for what is done without if no task runs here that could wait for it.
pub(crate) fn register_if_here(clean_up: CleanUp) {
    let here = Loop::try_current().filter(|lp| !lp.inner().discarding.get());
    let task = here.and_then(|lp| lp.inner().current.get()).filter(|task| !task.is_done());
    if let Some(task) = task {
        task.push_clean_up(clean_up);
    }
}

/// The clean-ups that one drop registered, for whoever must wait for them: `timeout` does, and so do groups.
#[derive(Default)]
pub(crate) struct Pending(VecDeque<CleanUp>);

impl Pending {
    /// Runs `drop`, and takes over the clean-ups that it registered.
    pub(crate) fn of(lp: &Loop, drop: impl FnOnce()) -> Self {
        let Some(task) = lp.inner().current.get() else {
            drop();
            return Self(VecDeque::new());
        };
        let before = task.count_clean_ups();
        drop();
        Self(task.split_clean_ups(before))
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
