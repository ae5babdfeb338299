//! The executor's side of a job: the promise to complete it, or the package of work and promise.

use super::cell::{Core, Shared};
use crate::current::{self, Stoppable};
use crate::fallible::Runs;
use crate::panic::shielded;
use crate::sync::{Mutex, lock};
use crate::{Cancel, JobError, Place, Stop, Submit};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Weak};

/// What an executor wants to know of its jobs. `()` wants to know nothing.
pub trait Control: Send + Sync + 'static {
    /// The work starts next, on this thread. Comes once, and only from [`Runnable::run`].
    fn started(&self) {}

    /// Somebody is about to withdraw the job, which has not started as far as this process knows. `false` if it has: then it
    /// counts as started from now on. For executors whose work starts elsewhere; may come more than once.
    fn may_withdraw(&self) -> bool {
        true
    }

    /// The job was withdrawn before it started (a cancel, a deadline, a shutdown): its place is free and its work is
    /// dropped, its outcome is not visible yet. Comes once, on the thread that withdrew it.
    fn dequeued(&self) {}

    /// The job is running and was asked to stop. Runs on the thread that cancelled; may come more than once, and may come
    /// late: the job can end at the same moment, so act only on what still runs *this* job.
    fn signalled(&self) {}

    /// The job's deadline passed while it runs: its outcome can be seen, its work goes on. Comes once, on the thread that
    /// enforces the deadline, and may come late: the work may have ended at the same moment.
    fn overran(&self) {}

    /// The work has ended, `failed` or not: its guards are dropped, its outcome can be seen next. Comes once, on the thread
    /// that ends the job.
    fn ending(&self, failed: bool) {
        let _ = failed;
    }

    /// The outcome can be seen, and this thread goes on with code of others, which may take its time: callbacks, or the
    /// destructor of an output that nobody wants. Comes after [`ending`](Self::ending), and only if there is such code.
    fn lingering(&self) {}

    /// This thread waits for the job, and for nothing that could come before its end. If the executor lets it, it runs the
    /// job itself: `run` does that, once, unless it has started since.
    fn awaited(&self, label: Option<&Cow<'static, str>>, run: &mut dyn FnMut()) {
        let _ = (label, run);
    }
}

impl Control for () {}

/// Job, work and control in one allocation.
struct Cell<T, W, C> {
    core: Core<T>,
    /// Emptied when the work starts or is withdrawn.
    work: Mutex<Option<W>>,
    control: C,
}

impl<T, W, C: Control> Cell<T, W, C> {
    fn new(work: Option<W>, options: &Submit, place: Place, control: C) -> Arc<Self> {
        Arc::new(Self { core: Core::new(options, place), work: Mutex::new(work), control })
    }

    fn withdraw(&self, error: JobError) -> bool {
        if !self.control.may_withdraw() {
            self.core.start();
            return false;
        }
        self.core.withdraw(error, || {
            let work = lock(&self.work).take();
            shielded(|| drop(work));
            self.control.dequeued();
        })
    }
}

impl<T> Runs<T> for NoWork {
    fn outcome(self) -> Result<T, JobError> {
        match self {}
    }
}

impl<T: Send + 'static, W: Runs<T>, C: Control> Shared<T> for Cell<T, W, C> {
    fn core(&self) -> &Core<T> {
        &self.core
    }

    fn cancel(&self) -> Cancel {
        if self.withdraw(JobError::Cancelled { started: false }) {
            Cancel::Dequeued
        } else if self.core.signal() {
            self.control.signalled();
            Cancel::Signalled
        } else {
            Cancel::AlreadyDone
        }
    }
}

/// What can be done to a job without knowing its types.
pub(crate) trait Erased: Stoppable {
    fn expire(&self) -> bool;
    fn withdraw(&self, error: JobError) -> bool;
    fn queued(&self) -> bool;
    fn done(&self) -> bool;
    fn label(&self) -> Option<&Cow<'static, str>>;
    fn awaited(self: Arc<Self>);
}

impl<T: Send + 'static, W: Runs<T>, C: Control> Erased for Cell<T, W, C> {
    fn expire(&self) -> bool {
        if Cell::withdraw(self, JobError::Deadline { started: false }) {
            return true;
        }
        let overran = self.core.abandon(JobError::Deadline { started: true });
        if overran {
            self.control.overran();
        }
        overran
    }

    fn withdraw(&self, error: JobError) -> bool {
        Cell::withdraw(self, error)
    }

    fn queued(&self) -> bool {
        self.core.queued()
    }

    fn done(&self) -> bool {
        self.core.done()
    }

    fn label(&self) -> Option<&Cow<'static, str>> {
        self.core.label()
    }

    fn awaited(self: Arc<Self>) {
        self.control.awaited(self.core.label(), &mut || {
            // Nothing to run where the work is somewhere else.
            if lock(&self.work).is_some() {
                run(self.clone());
            }
        });
    }
}

impl<T: Send, W: Send, C: Control> Stoppable for Cell<T, W, C> {
    fn stop(&self) -> Option<Stop> {
        self.core.stop()
    }
}

/// Work that can be run on a thread.
trait Work: Erased {
    fn run(&self);
}

impl<T: Send + 'static, W: Runs<T>, C: Control> Work for Cell<T, W, C> {
    fn run(&self) {
        if !self.core.start() {
            return;
        }
        self.control.started();
        let work = lock(&self.work).take().expect("work that starts is still there");
        self.core.finish(work.outcome(), &self.control);
    }
}

/// Runs it on this thread, unless it was withdrawn or has started.
fn run(work: Arc<dyn Work>) {
    let _current = current::enter(work.clone());
    work.run();
}

/// Work packed with its promise: what the queue of a thread pool holds.
///
/// Whoever drops it without running it completes the job with [`JobError::Shutdown`]: nothing accepted is lost silently.
///
/// # Python
///
/// `concurrent.futures.thread._WorkItem`.
pub struct Runnable(
    /// `None` once it runs.
    Option<Arc<dyn Work>>,
);

impl Runnable {
    /// Runs the work on this thread, unless it was withdrawn. A panic goes to the job.
    ///
    /// Until it returns, [`checkpoint`](crate::checkpoint) on this thread asks this job.
    pub fn run(mut self) {
        if let Some(work) = self.0.take() {
            run(work);
        }
    }

    /// What is there until it runs, which takes the whole of it.
    fn work(&self) -> &Arc<dyn Work> {
        self.0.as_ref().expect("it has not run")
    }

    /// Whether it still waits to be run: `false` after a cancel or a deadline.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.work().queued()
    }

    /// Completes the job with `error`, if the work has not started; it never will then.
    pub fn withdraw(self, error: JobError) -> bool {
        self.work().withdraw(error)
    }

    /// The label it was submitted with.
    #[must_use]
    pub fn label(&self) -> Option<&Cow<'static, str>> {
        self.work().label()
    }

    /// A weak reference, for whoever enforces deadlines.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let erased: Arc<dyn Erased> = self.work().clone();
        Watch::new(&erased)
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        if let Some(work) = &self.0 {
            work.withdraw(JobError::Shutdown { started: false });
        }
    }
}

/// A weak reference to a job, without its types: for whoever enforces deadlines, or waits for many jobs.
#[derive(Clone)]
pub struct Watch(Weak<dyn Erased>);

impl Watch {
    pub(super) fn new(job: &Arc<dyn Erased>) -> Self {
        Self(Arc::downgrade(job))
    }

    /// The deadline has passed: completes the job with [`JobError::Deadline`]. `false` if it had an outcome already.
    ///
    /// Work that runs goes on; its output will be thrown away.
    pub fn expire(&self) -> bool {
        self.0.upgrade().is_some_and(|job| job.expire())
    }

    /// Whether the work still waits to be run.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.0.upgrade().is_some_and(|job| job.queued())
    }

    /// Whether there is nothing left to enforce: the job has its outcome, or it is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.upgrade().is_none_or(|job| job.done())
    }

    /// For whoever waits for many jobs and needs the end of each: runs this one on the calling thread, if it has not started
    /// and its executor lets this thread. [`Job::wait`](crate::Job::wait) does it for one.
    pub fn run_here(&self) {
        if let Some(job) = self.0.upgrade() {
            job.awaited();
        }
    }
}

/// The promise to complete a job: what an executor keeps whose work does not run on a thread of this process.
///
/// Dropping it unfulfilled completes the job with [`JobError::Shutdown`]: nothing accepted is lost silently.
pub struct Promise<T: Send + 'static, C: Control = ()>(
    /// `None` once it is fulfilled.
    Option<Arc<Cell<T, NoWork, C>>>,
);

/// The work is somewhere else.
enum NoWork {}

impl<T: Send + 'static, C: Control> Promise<T, C> {
    /// What is there until it is fulfilled, which takes the whole of it.
    fn cell(&self) -> &Arc<Cell<T, NoWork, C>> {
        self.0.as_ref().expect("it is not fulfilled")
    }

    /// The work starts now. `false` if the job was withdrawn: the work must not run.
    #[must_use = "a withdrawn job must not run"]
    pub fn start(&self) -> bool {
        self.cell().core.start()
    }

    /// Completes the job. If the work had not [started](Self::start), it counts as started now. The outcome of a job that
    /// was withdrawn or whose deadline has passed is thrown away.
    pub fn finish(mut self, outcome: Result<T, JobError>) {
        let Some(cell) = self.0.take() else { return };
        cell.core.start();
        cell.core.finish(outcome, &cell.control);
    }

    /// Completes the job with `error`, if the work has not started; it never will then.
    pub fn withdraw(&self, error: JobError) -> bool {
        self.cell().withdraw(error)
    }

    /// Whether the work still waits to be started: `false` after a cancel or a deadline.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.cell().core.queued()
    }

    /// The label it was submitted with.
    #[must_use]
    pub fn label(&self) -> Option<&Cow<'static, str>> {
        self.cell().core.label()
    }

    /// What the executor wanted to know.
    #[must_use]
    pub fn control(&self) -> &C {
        &self.cell().control
    }

    /// A weak reference, for whoever enforces deadlines.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let erased: Arc<dyn Erased> = self.cell().clone();
        Watch::new(&erased)
    }
}

impl<T: Send + 'static, C: Control> Drop for Promise<T, C> {
    fn drop(&mut self) {
        let Some(cell) = &self.0 else { return };
        if !cell.withdraw(JobError::Shutdown { started: false }) {
            cell.core.finish(Err(JobError::Shutdown { started: true }), &cell.control);
        }
    }
}

pub(super) fn package<T, W, C>(
    work: W,
    options: &Submit,
    place: Place,
    control: C,
) -> (Runnable, Arc<dyn Shared<T>>)
where
    T: Send + 'static,
    W: Runs<T>,
    C: Control,
{
    let cell = Cell::new(Some(work), options, place, control);
    (Runnable(Some(cell.clone())), cell)
}

pub(super) fn promise<T, C>(options: &Submit, place: Place, control: C) -> (Promise<T, C>, Arc<dyn Shared<T>>)
where
    T: Send + 'static,
    C: Control,
{
    let cell = Cell::new(None, options, place, control);
    (Promise(Some(cell.clone())), cell)
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable").field("label", &self.label()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("queued", &self.is_queued()).finish_non_exhaustive()
    }
}

impl<T: Send + 'static, C: Control> fmt::Debug for Promise<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("label", &self.label()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Cell;

    #[test]
    fn a_job_of_a_small_closure_takes_three_lines_of_a_cache_at_most() {
        assert!(size_of::<Cell<(), [usize; 2], usize>>() + 2 * size_of::<usize>() <= 3 * 64);
    }
}
