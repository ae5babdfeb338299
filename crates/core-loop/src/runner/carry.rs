//! Running a loop as a guest of a runtime that runs already.

use super::{GRACE, refuse_nested, report_unclean, settle};
use crate::close::Closing;
use crate::current::Loop;
use crate::error::{JoinError, RunError};
use crate::task::{Task, spawn};
use contract::Reactor;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Runs `main` on a new loop inside a runtime that runs already, whose reactor is `reactor`: the loop as a guest.
///
/// The future is the whole loop: it runs while it is awaited, on the thread that awaits it. Other tasks of the host see no
/// loop; several guests may share a thread. Carriers offer it under the name `enter`.
///
/// # Errors
///
/// A loop is running on this thread already, `main` was cancelled, or the loop was [stopped](Loop::stop), which closes it.
///
/// # Panics
///
/// If `main` does, after the close. If `reactor` or the host's waker does, at once: then drop it.
///
/// # Cancel safety
///
/// Dropping it drops its tasks on the spot, without their clean-ups: handles say
/// [`JoinError::Shutdown`](crate::JoinError), and what was skipped is reported.
pub fn carry<F>(reactor: Rc<dyn Reactor>, main: F) -> Carry<F>
where
    F: Future + 'static,
{
    Carry { lp: Loop::new(reactor), stage: Stage::New(Box::pin(main)) }
}

/// Made by [`carry`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Carry<F: Future + 'static> {
    lp: Loop,
    stage: Stage<F>,
}

enum Stage<F: Future + 'static> {
    New(Pin<Box<F>>),
    Running(Task<F::Output>),
    /// Without an outcome the loop was stopped.
    Closing(Closing, Option<Result<F::Output, JoinError>>),
    Over,
}

// Nothing is pinned in place: what needs it is boxed, or on the loop.
impl<F: Future + 'static> Unpin for Carry<F> {}

impl<F: Future + 'static> Future for Carry<F> {
    type Output = Result<F::Output, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Err(nested) = refuse_nested() {
            return Poll::Ready(Err(nested));
        }
        loop {
            match std::mem::replace(&mut this.stage, Stage::Over) {
                Stage::New(main) => {
                    let _entered = this.lp.enter();
                    this.stage = Stage::Running(spawn(main));
                }
                Stage::Running(mut task) => {
                    let mut over = || task.done() || this.lp.is_stopping();
                    if this.lp.poll_turns(cx, &mut over).is_pending() {
                        this.stage = Stage::Running(task);
                        return Poll::Pending;
                    }
                    let outcome = task.done().then(|| task.take_outcome());
                    this.stage = Stage::Closing(Closing::begin(&this.lp, GRACE), outcome);
                }
                Stage::Closing(mut closing, outcome) => {
                    if closing.poll(cx).is_pending() || closing.poll_executor(cx).is_pending() {
                        this.stage = Stage::Closing(closing, outcome);
                        return Poll::Pending;
                    }
                    report_unclean(&closing.finish());
                    return Poll::Ready(outcome.map_or(Err(RunError::Stopped), settle));
                }
                Stage::Over => panic!("a loop was polled again after it ended: `enter` a new one"),
            }
        }
    }
}

impl<F: Future + 'static> Drop for Carry<F> {
    fn drop(&mut self) {
        // Also after a panic of the host's or of its reactor in the middle of a poll.
        if !self.lp.inner().discarding.get() {
            let _reported = Closing::abandon(&self.lp);
        }
    }
}

impl<F: Future + 'static> fmt::Debug for Carry<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carry").field("loop", &self.lp).finish_non_exhaustive()
    }
}
