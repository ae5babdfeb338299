//! A job whose work is a task of this loop.

use crate::current::Loop;
use crate::error::Reason;
use crate::sleep::{Sleep, sleep_until};
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use crate::task::spawn;
use contract::{Control, JobError, Panic, Promise};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// How a cancel from another thread reaches the task.
pub(crate) struct Signal {
    cancelled: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Signal {
    pub(crate) fn new() -> Self {
        Self { cancelled: AtomicBool::new(false), task: Mutex::new(None) }
    }

    /// Whether a cancel has come; if not, `cx` is woken when it does.
    fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut task = lock(&self.task);
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        drop(task);
        // The waker is in place before this look, and `signalled` sets the flag before it takes the waker: one of the two
        // sees the other, through the lock.
        self.cancelled.load(Ordering::Acquire)
    }
}

impl Control for Signal {
    fn signalled(&self) {
        self.cancelled.store(true, Ordering::Release);
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// A promise on its way to becoming a task.
pub(crate) struct Driven<T: Send + 'static> {
    promise: Promise<T, Signal>,
    deadline: Option<Instant>,
}

impl<T: Send + 'static> Driven<T> {
    pub(crate) fn new(promise: Promise<T, Signal>, deadline: Option<Instant>) -> Self {
        Self { promise, deadline }
    }

    /// Spawns the task, unless the job was withdrawn meanwhile.
    pub(crate) fn start(self, lp: &Loop, future: impl Future<Output = T> + 'static) {
        if self.deadline.is_some_and(|deadline| deadline <= lp.time()) {
            self.promise.withdraw(JobError::Deadline { started: false });
        }
        if !self.promise.start() {
            return;
        }
        let label = self.promise.label().map(ToString::to_string);
        let work = Work {
            future: Some(Box::pin(future)),
            promise: Some(self.promise),
            deadline: self.deadline.map(sleep_until),
        };
        let task = spawn(work);
        match label {
            Some(label) => task.named(label).detach(),
            None => task.detach(),
        }
    }
}

/// The task: the future, until it ends, panics, is cancelled, or is too late.
///
/// Dropped before that, its promise says `Shutdown`: only the close does that.
struct Work<F, T: Send + 'static> {
    future: Option<Pin<Box<F>>>,
    promise: Option<Promise<T, Signal>>,
    deadline: Option<Sleep>,
}

impl<F, T: Send + 'static> Unpin for Work<F, T> {}

impl<F: Future<Output = T>, T: Send + 'static> Future for Work<F, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let (Some(future), Some(promise)) = (&mut this.future, &this.promise) else { return Poll::Ready(()) };
        let outcome = if promise.control().poll(cx) {
            Err(JobError::Cancelled { started: true })
        } else if this.deadline.as_mut().is_some_and(|deadline| Pin::new(deadline).poll(cx).is_ready()) {
            Err(JobError::Deadline { started: true })
        } else {
            match Panic::catch(|| future.as_mut().poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => Ok(output),
                Err(panic) => Err(JobError::Panicked(panic)),
            }
        };
        // The future goes before the outcome is told, on the loop's thread.
        let future = this.future.take();
        if outcome.is_err() {
            Loop::current().drop_cancelled(&Reason::from("its job ended first"), || drop(future));
        } else {
            drop(future);
        }
        if let Some(promise) = this.promise.take() {
            promise.finish(outcome);
        }
        Poll::Ready(())
    }
}
