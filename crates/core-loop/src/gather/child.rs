//! One task of a gather, and what came of it.

use super::order::Order;
use crate::error::{JoinError, Reason};
use crate::task::{Task, spawn};
use crate::waitable::Waitable;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// One task and, once it is done, its output.
pub struct Child<T: 'static>(State<T>);

enum State<T: 'static> {
    Running(Task<T>),
    Done(T),
    Taken,
}

// The output is moved, never pinned.
impl<T: 'static> Unpin for Child<T> {}

/// A [`Child`] without the type of its output.
pub trait Member {
    /// Has whoever polls woken when its task ends, unless it was settled.
    fn wait(&mut self, cx: &mut Context<'_>);

    /// Takes over what came of the task; `None` if it has not ended, or was settled before.
    fn settle(&mut self) -> Option<Result<(), JoinError>>;

    /// Cancels the task, if it has not ended, with whoever awaits it, who then ends after it.
    fn cancel(&self, reason: Reason);
}

impl<T: 'static> Child<T> {
    #[track_caller]
    pub(super) fn spawn(future: impl Future<Output = T> + 'static, index: usize, order: &Order) -> Self {
        let noting = order.note_end(index);
        let task = spawn(async move {
            let _noting = noting;
            future.await
        });
        // Of several failures only the first has somebody to see it.
        task.hush();
        Self(State::Running(task))
    }

    pub(super) fn take(&mut self) -> T {
        match std::mem::replace(&mut self.0, State::Taken) {
            State::Done(output) => output,
            State::Running(_) | State::Taken => {
                panic!("a gather was polled again after it ended: keep what the first await gave")
            }
        }
    }
}

impl<T: 'static, E: 'static> Child<Result<T, E>> {
    /// The error, if that is what came of the task.
    pub(super) fn take_error(&mut self) -> Option<E> {
        if matches!(self.0, State::Done(Err(_))) { self.take().err() } else { None }
    }
}

impl<T: 'static> Member for Child<T> {
    fn wait(&mut self, cx: &mut Context<'_>) {
        if let State::Running(task) = &mut self.0 {
            // One that is done is in the line already.
            let _done = task.poll_done(cx);
        }
    }

    fn settle(&mut self) -> Option<Result<(), JoinError>> {
        let State::Running(task) = &mut self.0 else { return None };
        if !task.done() {
            return None;
        }
        let Poll::Ready(outcome) = Pin::new(task).poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("a task that is done is ready")
        };
        self.0 = State::Taken;
        Some(outcome.map(|output| self.0 = State::Done(output)))
    }

    fn cancel(&self, reason: Reason) {
        if let State::Running(task) = &self.0 {
            task.cancel_along(reason);
        }
    }
}

impl<T: 'static> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}
