//! Moving work off the loop: to a thread, or to any executor.

use crate::context;
use crate::current::Loop;
use crate::outside::{Outside, outside};
use contract::{Executor, ExecutorExt, Job, JobError, Place, Reject, Room, Run, Shutdown, Submit};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Work without its type: what a default executor takes.
pub type BoxedWork = Box<dyn FnOnce() + Send>;

/// What can serve as a loop's default executor: anything that runs boxed closures and can be shut down.
pub trait DefaultExecutor: Executor<BoxedWork, Output = ()> + Shutdown + Send + Sync + 'static {}

impl<E: Executor<BoxedWork, Output = ()> + Shutdown + Send + Sync + 'static> DefaultExecutor for E {}

/// Runs `function` on a thread of the loop's default executor, which is started at its first use.
///
/// It is submitted inside this call, and sees the [task-locals](crate::TaskLocal) of the caller; what it sets does not flow
/// back.
///
/// # Errors
///
/// Why there is no output: it panicked, or the executor was [shut down](Loop::shutdown_default_executor).
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future withdraws the work if it has not started. Work that runs goes on to its end, and its output is
/// thrown away.
///
/// # Python
///
/// `await asyncio.to_thread(function)`.
#[track_caller]
pub fn to_thread<F, R>(function: F) -> ToThread<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let executor = Loop::current().open_executor();
    let context = context::Context::current();
    let function = move || context.call(function);
    let (runnable, job) = Job::package(function, &Submit::new(), Place::none(), ());
    let outside = outside();
    let work: BoxedWork = Box::new(move || {
        // Until the work has ended, whoever waits for it; and the wake comes first.
        let _outside = outside;
        runnable.run();
    });
    let mut state = State::Refused(Reject::ShuttingDown);
    if let Some(executor) = executor {
        state.submit(executor, work, Submit::new());
    }
    ToThread { state, job: job.cancel_on_drop() }
}

/// Runs `work` on `executor` and awaits its output: [`ExecutorExt::run`], by asyncio's name.
///
/// It borrows the executor, so it cannot be given to [`gather`](crate::gather), whose tasks own what they use. Submit first
/// and gather the [`Job`]s: `gather((executor.submit(a).await?, executor.submit(b).await?))`.
///
/// # Errors
///
/// Why there is no output.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future cancels the job: what has not started never runs.
///
/// # Python
///
/// `await loop.run_in_executor(executor, work)`.
#[track_caller]
pub fn run_in_executor<E, W>(executor: &E, work: W) -> RunInExecutor<'_, E, W>
where
    E: Executor<W> + ?Sized,
{
    // Asked for its panic: outside a loop this is a mistake, as in asyncio.
    let _here = Loop::current();
    RunInExecutor { run: executor.run(work), outside: None, called_at: Location::caller() }
}

/// Made by [`run_in_executor`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct RunInExecutor<'a, E: Executor<W> + ?Sized, W> {
    run: Run<'a, E, W>,
    /// From the first poll, which submits, to the output.
    outside: Option<Outside>,
    called_at: &'static Location<'static>,
}

// The work is moved, never pinned.
impl<E: Executor<W> + ?Sized, W> Unpin for RunInExecutor<'_, E, W> {}

impl<E: Executor<W> + ?Sized, W> Future for RunInExecutor<'_, E, W> {
    type Output = Result<E::Output, JobError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.outside.is_none() {
            this.outside = Some(Outside::at(this.called_at));
        }
        let poll = Pin::new(&mut this.run).poll(cx);
        if poll.is_ready() {
            this.outside = None;
        }
        poll
    }
}

/// Made by [`to_thread`].
#[must_use = "dropping it withdraws the work if it has not started"]
pub struct ToThread<R> {
    /// Dropped before the job: it frees the place in the executor's queue.
    state: State,
    job: Job<R>,
}

enum State {
    /// The executor's queue is full.
    Waiting {
        executor: Arc<dyn DefaultExecutor>,
        work: BoxedWork,
        room: Room,
    },
    Submitted(#[expect(dead_code, reason = "held for its drop, which withdraws it")] Job<()>),
    Refused(Reject),
    Done,
}

impl State {
    fn submit(&mut self, executor: Arc<dyn DefaultExecutor>, work: BoxedWork, options: Submit) {
        *self = match executor.try_submit_with(work, options) {
            Ok(job) => Self::Submitted(job.cancel_on_drop()),
            Err(full) if matches!(full.why, Reject::Full) => {
                Self::Waiting { room: executor.room(), executor, work: full.into_work() }
            }
            Err(rejected) => Self::Refused(rejected.why),
        };
    }
}

impl<R> Future for ToThread<R> {
    type Output = Result<R, JobError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Submitted(_) | State::Done => return Pin::new(&mut this.job).poll(cx),
                State::Refused(why) => return Poll::Ready(Err(JobError::Rejected(why.clone()))),
                State::Waiting { room, .. } => {
                    let Poll::Ready(place) = Pin::new(room).poll(cx) else { return Poll::Pending };
                    if let State::Waiting { executor, work, .. } =
                        std::mem::replace(&mut this.state, State::Done)
                    {
                        this.state.submit(executor, work, Submit::new().place(place));
                    }
                }
            }
        }
    }
}

impl<E: Executor<W> + ?Sized, W> fmt::Debug for RunInExecutor<'_, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunInExecutor").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ToThread<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToThread").field("job", &self.job).finish_non_exhaustive()
    }
}
