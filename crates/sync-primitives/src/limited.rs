//! Any executor with a bound on how much of its work runs at a time.

use crate::permits::{HasPermits, Held};
use crate::{Acquiring, CapacityLimiter, Event, Permit, Semaphore};
use contract::{Drain, Executor, Job, Place, Reject, Rejected, Report, Room, Shutdown, Submit};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// An executor bounded by a [`Semaphore`] or a [`CapacityLimiter`]: an executor again.
///
/// Each accepted piece of work holds one permit until it has really ended: also if its [`Job`] is dropped, also if a
/// deadline passed and left it running. Without a permit the work comes back as [`Reject::Full`]; `submit` and `run` wait
/// for one, first come, first served.
///
/// Many may share one limit, over one executor or several; what bounds them is the sum. With a [`CapacityLimiter`] the bound
/// can be changed while work runs.
///
/// # Examples
///
/// ```
/// # use contract::{Executor, ExecutorExt, Job, Place, Reject, Rejected, Room, Submit};
/// use sync_primitives::Limited;
/// # struct ThreadPerJob;
/// # impl<F: FnOnce() -> R + Send + 'static, R: Send + 'static> Executor<F> for ThreadPerJob {
/// #     type Output = R;
/// #     fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<R>, Rejected<F>> {
/// #         let (runnable, job) = Job::package(work, &options, Place::none(), ());
/// #         std::thread::spawn(move || runnable.run());
/// #         Ok(job)
/// #     }
/// #     fn room(&self) -> Room { Room::unbounded() }
/// # }
///
/// let limited = Limited::new(ThreadPerJob, 2.try_into().unwrap());
/// let sum: u32 = limited.map((0..10).map(|n| move || n * n), 10.try_into().unwrap()).blocking().map(Result::unwrap).sum();
/// assert_eq!(sum, 285);      // and never were more than two running
/// ```
///
/// # Python
///
/// `async with semaphore: await loop.run_in_executor(…)`, whose permit comes back too early: when the waiting is cancelled,
/// and not when the work ends.
#[derive(Debug)]
pub struct Limited<E, L = Semaphore> {
    executor: E,
    limit: Arc<L>,
    /// Set by the shutdown: nobody needs to wait for a permit any more.
    closed: Arc<Event>,
}

/// What a [`Place`] of ours holds: both must be given up together.
struct Granted<L: Limit> {
    permit: Permit<Arc<L>>,
    inner: Place,
}

/// What can bound an executor. Only this crate implements it.
pub trait Limit: HasPermits + Send + Sync + 'static {}

impl Limit for Semaphore {}
impl Limit for CapacityLimiter {}

impl<E> Limited<E> {
    /// At most `permits` pieces of work of `executor` at a time, queued ones included.
    #[must_use]
    pub fn new(executor: E, permits: NonZeroUsize) -> Self {
        Self::sharing(executor, Arc::new(Semaphore::new(permits.get())))
    }

    /// The semaphore.
    #[must_use]
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.limit
    }
}

impl<E, L: Limit> Limited<E, L> {
    /// As many pieces of work of `executor` at a time as `limit` has permits, which others may use as well.
    #[must_use]
    pub fn sharing(executor: E, limit: Arc<L>) -> Self {
        Self { executor, limit, closed: Arc::new(Event::new()) }
    }

    /// The executor inside. What is submitted to it directly is not counted.
    #[must_use]
    pub fn executor(&self) -> &E {
        &self.executor
    }

    /// What bounds it.
    #[must_use]
    pub fn limit(&self) -> &Arc<L> {
        &self.limit
    }

    /// The permit for a submission: the one the caller waited for, else one that is free. The place inside goes on to the
    /// executor inside.
    fn claim(&self, options: Submit) -> (Option<Permit<Arc<L>>>, Submit) {
        let mut options = options;
        let free = || Held::try_acquire(self.limit.clone(), 1).map(Permit::new);
        let Some(place) = options.take_place() else { return (free(), options) };
        match place.into_guard::<Granted<L>>() {
            Ok(Granted { permit, inner }) if permit.belongs_to(&self.limit) => {
                (Some(permit), options.place(inner))
            }
            // Of another `Limited`: perhaps the one inside.
            Ok(granted) => (free(), options.place(Place::new(granted))),
            Err(place) => (free(), options.place(place)),
        }
    }
}

impl<W, E: Executor<W>, L: Limit> Executor<W> for Limited<E, L> {
    type Output = E::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<E::Output>, Rejected<W>> {
        if self.closed.is_set() {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let (Some(permit), options) = self.claim(options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let job = self.executor.try_submit_with(work, options)?;
        job.attach(permit);
        Ok(job)
    }

    fn room(&self) -> Room {
        let acquiring = Acquiring::new(self.limit.clone(), 1);
        let closed = self.closed.clone();
        // The permit first: a place inside is not kept from others while there is no permit to use it.
        let inner = self.executor.room();
        Room::new(async move {
            match permit_unless_closed(acquiring, &closed).await {
                Some(permit) => Place::new(Granted { permit, inner: inner.await }),
                None => Place::none(),
            }
        })
    }
}

async fn permit_unless_closed<L: Limit>(
    acquiring: Acquiring<Arc<L>>,
    closed: &Event,
) -> Option<Permit<Arc<L>>> {
    let mut acquiring = pin!(acquiring);
    let mut closing = pin!(closed.wait());
    poll_fn(|cx| match acquiring.as_mut().poll(cx) {
        Poll::Ready(permit) => Poll::Ready(Some(permit)),
        Poll::Pending => closing.as_mut().poll(cx).map(|()| None),
    })
    .await
}

impl<E: Shutdown, L: Limit> Shutdown for Limited<E, L> {
    /// Shuts the executor inside down. Whoever waits for a permit is refused as by any executor that is shutting down.
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.closed.set();
        self.executor.shutdown(how, grace)
    }
}
