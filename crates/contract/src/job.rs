//! A job: work that was accepted, seen from the side that waits for it.

use crate::block::{block_on, block_on_timeout};
use crate::role::{self, Role};
use crate::{Attempt, Fallible, JobError, Place, Submit};
use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

mod cell;
mod promise;

pub(crate) use cell::Shared;
pub(crate) use promise::Erased;
pub use promise::{Control, Promise, Runnable, Watch};

/// Work that an executor accepted: a future of its output that needs no runtime.
///
/// Any runtime can await it, any thread can [`wait`](Self::wait) for it, and both cost one allocation in all. Dropping a
/// job detaches it: the work still runs. [`cancel_on_drop`](Self::cancel_on_drop) changes that.
///
/// # Cancel safety
///
/// Awaiting `&mut job` loses nothing: the output stays with the job until a poll returns it.
///
/// # Panics
///
/// When it is polled again after it gave its output.
///
/// # Python
///
/// `concurrent.futures.Future`. There the output can be read many times; here it is handed over once, by value.
#[must_use = "dropping a job detaches it: its output and its error are lost"]
pub struct Job<T> {
    shared: Arc<dyn Shared<T>>,
    cancel_on_drop: bool,
}

/// What [`Job::cancel`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// The work had not started and never will.
    Dequeued,
    /// The work runs; it was told. What that means is the executor's: a process is killed after its grace, a task is
    /// dropped, a thread cannot be stopped.
    Signalled,
    /// There was nothing left to cancel.
    AlreadyDone,
}

impl<T> Job<T> {
    /// Joins `work` and its job in one allocation: what the queue of a thread pool holds, and the handle to it.
    ///
    /// `place` is given up the moment the work starts or is cancelled. `control` learns of cancels.
    pub fn package<F, C>(work: F, options: &Submit, place: Place, control: C) -> (Runnable, Self)
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
        C: Control,
    {
        let (runnable, shared) = promise::package(work, options, place, control);
        (runnable, Self { shared, cancel_on_drop: false })
    }

    /// The same for work that may fail by itself: its error is the job's.
    pub fn package_fallible<A, C>(
        work: Fallible<A>,
        options: &Submit,
        place: Place,
        control: C,
    ) -> (Runnable, Self)
    where
        A: Attempt<Output = T> + Send + 'static,
        T: Send + 'static,
        C: Control,
    {
        let (runnable, shared) = promise::package(work, options, place, control);
        (runnable, Self { shared, cancel_on_drop: false })
    }

    /// A job that `Promise` completes: for executors whose work does not run on a thread of this process.
    ///
    /// `place` is given up the moment the work starts or is cancelled. `control` learns of cancels.
    pub fn promise<C>(options: &Submit, place: Place, control: C) -> (Promise<T, C>, Self)
    where
        T: Send + 'static,
        C: Control,
    {
        let (promise, shared) = promise::promise(options, place, control);
        (promise, Self { shared, cancel_on_drop: false })
    }

    /// Cancels the work if it has not started, asks it to stop if it has, and says which.
    ///
    /// # Python
    ///
    /// `Future.cancel`, which only says whether the first was possible.
    pub fn cancel(&self) -> Cancel {
        self.shared.cancel()
    }

    /// Whether there is an outcome: an output or an error; also after it was taken.
    #[must_use]
    pub fn done(&self) -> bool {
        self.shared.core().done()
    }

    /// Whether there is an outcome and it is an error; also after it was taken.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.shared.core().failed()
    }

    /// Whether the work has started and not ended. Work whose deadline passed on a thread runs on.
    #[must_use]
    pub fn running(&self) -> bool {
        self.shared.core().running()
    }

    /// The label it was submitted with.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.shared.core().label().map(Cow::as_ref)
    }

    /// Calls `callback` when there is an outcome: on the thread that completes the job, in the order of registration; at
    /// once if there is one already. A callback that panics does not stop the others.
    ///
    /// # Python
    ///
    /// `Future.add_done_callback`.
    pub fn on_done(&self, callback: impl FnOnce() + Send + 'static) {
        let _id = self.shared.core().add_callback(Box::new(callback));
    }

    pub(crate) fn add_callback(&self, callback: Box<dyn FnOnce() + Send>) -> u64 {
        self.shared.core().add_callback(callback)
    }

    pub(crate) fn remove_callback(&self, id: u64) {
        self.shared.core().remove_callback(id);
    }

    /// Keeps `guard` until the *work* has really ended: also if the job is dropped, also if a deadline left the work
    /// running. Dropped at once if it has ended already.
    ///
    /// # Ordering
    ///
    /// Guards are dropped in the order they were attached, before the output or the error of the work can be seen.
    pub fn attach(&self, guard: impl Send + 'static) {
        self.shared.core().attach(Box::new(guard));
    }

    /// A weak reference, for whoever waits for many jobs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let erased: Arc<dyn Erased> = self.shared.clone();
        Watch::new(&erased)
    }

    /// Dropping the job will cancel it from now on.
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }

    /// Lets the work run without anybody to look at its outcome: what a drop does by default.
    pub fn detach(mut self) {
        self.cancel_on_drop = false;
    }

    /// Blocks this thread until there is an outcome.
    ///
    /// On a worker of the pool that took it in it runs the job itself, if that has not started and has no deadline; else
    /// another thread may serve the pool meanwhile.
    ///
    /// # Errors
    ///
    /// Why the job gave no output.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: `.await` the job there.
    #[track_caller]
    pub fn wait(self) -> Result<T, JobError> {
        if matches!(role::current(), Role::Worker(_)) {
            self.watch().run_here();
        }
        block_on(self)
    }

    /// Blocks this thread for at most `timeout`; `None` if there is no outcome by then, and the job goes on.
    ///
    /// # Errors
    ///
    /// Why the job gave no output.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop; and after the outcome was taken.
    #[track_caller]
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<T, JobError>> {
        block_on_timeout(self, timeout)
    }
}

impl<T> Future for Job<T> {
    type Output = Result<T, JobError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.core().poll(cx)
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        if self.cancel_on_drop {
            self.cancel();
        }
        self.shared.core().detach();
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("label", &self.label())
            .field("done", &self.done())
            .field("running", &self.running())
            .finish_non_exhaustive()
    }
}
