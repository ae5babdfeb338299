//! The bench: an executor under test, brought to one form whatever kind of work it takes.

use crate::{Miss, Work};
use contract::{Drain, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// An executor under test: an `Executor<Work, Output = u64>` that can be shut down.
///
/// Behaviours ask for at least 64 places in its queue. Dropping the bench drops the executor.
pub struct Bench {
    executor: Box<dyn Tried>,
    workers: Option<usize>,
    /// Work that awaits leaves its worker to others.
    parks: bool,
    /// Work goes as bytes, and nothing of it stays here.
    crosses: bool,
    apart: bool,
    prepared: Option<MakePrepared>,
}

/// What a worker does before its first job; it may panic.
pub type Prepare = Arc<dyn Fn() + Send + Sync>;

type MakePrepared = Box<dyn Fn(Prepare) -> Result<Bench, Unavailable> + Send + Sync>;

/// A closure, as executors of closures get it.
pub type Closure = Box<dyn FnOnce() -> u64 + Send>;

/// A future, as executors of futures get it.
pub type BoxFuture = Pin<Box<dyn Future<Output = u64> + Send>>;

trait Tried: Executor<Work, Output = u64> + Shutdown + Send + Sync {}

impl<E: Executor<Work, Output = u64> + Shutdown + Send + Sync> Tried for E {}

impl Bench {
    /// An executor that takes [`Work`] as it is: for those with a kind of work of their own.
    pub fn new(executor: impl Executor<Work, Output = u64> + Shutdown + Send + Sync + 'static) -> Self {
        Self {
            executor: Box::new(executor),
            workers: None,
            parks: false,
            crosses: false,
            apart: false,
            prepared: None,
        }
    }

    /// An executor of closures: a thread pool.
    pub fn closures<E>(executor: E) -> Self
    where
        E: Executor<Closure, Output = u64> + Shutdown + Send + Sync + 'static,
    {
        Self::new(Adapter { executor, wrap: |slot: Slot| -> Closure { Box::new(move || slot.perform()) } })
    }

    /// An executor of futures: an event loop, which is its one worker. Work that waits blocks it, work that
    /// [parks](crate::Gate::park) does not.
    pub fn futures<E>(executor: E) -> Self
    where
        E: Executor<BoxFuture, Output = u64> + Shutdown + Send + Sync + 'static,
    {
        let wrap = |slot: Slot| -> BoxFuture {
            Box::pin(async move {
                slot.give_way().await;
                slot.perform_async().await
            })
        };
        Self { parks: true, ..Self::new(Adapter { executor, wrap }).workers(1) }
    }

    /// An executor of anything that carries bytes: a process pool, an interpreter. `wrap` makes its kind of work of the
    /// bytes, which at the other end are [`Work::from_bytes`] and then [`perform`](Work::perform)ed; `unwrap` takes them
    /// out of refused work.
    pub fn bytes<E, W>(
        executor: E,
        wrap: impl Fn(Vec<u8>) -> W + Send + Sync + 'static,
        unwrap: impl Fn(W) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self
    where
        E: Executor<W, Output = u64> + Shutdown + Send + Sync + 'static,
    {
        Self::new(Bytes { executor, wrap, unwrap }).crossing()
    }

    /// How many pieces of work run at once. Unless it is said, all that is accepted starts at once, and behaviours that
    /// need a queue are skipped.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Work goes as bytes: the stress does not count here how often it runs. Said by [`bytes`](Self::bytes) and
    /// [`apart`](Self::apart) themselves.
    #[must_use]
    pub fn crossing(mut self) -> Self {
        self.crosses = true;
        self
    }

    /// Work runs in processes of its own: the stress then has work that ends its process, and work that never ends but is
    /// killed at its deadline.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self.crossing()
    }

    /// Whether work goes as bytes.
    pub(crate) fn crosses(&self) -> bool {
        self.crosses
    }

    /// Another executor like this one, each of whose workers does something before its first job. Unless it is said, the
    /// behaviours of initializers are skipped.
    #[must_use]
    pub fn prepared(
        mut self,
        make: impl Fn(Prepare) -> Result<Self, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        self.prepared = Some(Box::new(make));
        self
    }

    /// One whose workers each do this before their first job.
    pub(crate) fn with_prepared(&self, prepare: impl Fn() + Send + Sync + 'static) -> Result<Self, Miss> {
        let Some(make) = &self.prepared else {
            return Err(Miss::Skip("it declares no way to prepare its workers".to_owned()));
        };
        make(Arc::new(prepare)).map_err(|unavailable| Miss::Skip(unavailable.to_string()))
    }

    /// Whether work runs in processes of its own.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart
    }

    /// How many pieces of work run at once, if there is a bound.
    pub(crate) fn worker_count(&self) -> Option<usize> {
        self.workers
    }

    /// Whether work can await.
    pub(crate) fn parks(&self) -> bool {
        self.parks
    }
}

impl Executor<Work> for Bench {
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        self.executor.try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        self.executor.room()
    }
}

impl Shutdown for Bench {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.executor.shutdown(how, grace)
    }
}

/// An executor of other work `W`, into which `wrap` puts ours.
struct Adapter<E, F> {
    executor: E,
    wrap: F,
}

/// Holds work until it is performed, or until it came back unused.
#[derive(Clone)]
struct Slot(Arc<Mutex<Option<Work>>>);

impl Slot {
    fn take(&self) -> Option<Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Gives way as often as the work says.
    async fn give_way(&self) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, Work::turns);
        poll_fn(|cx| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn perform(self) -> u64 {
        self.take().expect("work is performed once").perform()
    }

    async fn perform_async(self) -> u64 {
        let work = self.take().expect("work is performed once");
        work.perform_async().await
    }
}

impl<E, W, F> Executor<Work> for Adapter<E, F>
where
    E: Executor<W, Output = u64>,
    F: Fn(Slot) -> W,
{
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let slot = Slot(Arc::new(Mutex::new(Some(work))));
        let wrapped = (self.wrap)(slot.clone());
        self.executor.try_submit_with(wrapped, options).map_err(|rejected| {
            rejected.map(|wrapped| {
                assert_eq!(Arc::strong_count(&slot.0), 2, "refused work must come back whole");
                drop(wrapped);
                slot.take().expect("refused work must come back unused")
            })
        })
    }

    fn room(&self) -> Room {
        self.executor.room()
    }
}

impl<E: Shutdown, F> Shutdown for Adapter<E, F> {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.executor.shutdown(how, grace)
    }
}

/// An executor of other work `W`, which carries ours as bytes.
struct Bytes<E, F, G> {
    executor: E,
    wrap: F,
    unwrap: G,
}

impl<E, W, F, G> Executor<Work> for Bytes<E, F, G>
where
    E: Executor<W, Output = u64>,
    F: Fn(Vec<u8>) -> W,
    G: Fn(W) -> Vec<u8>,
{
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let wrapped = (self.wrap)(work.to_bytes());
        let refused = |rejected: Rejected<W>| rejected.map(|work| Work::from_bytes(&(self.unwrap)(work)));
        self.executor.try_submit_with(wrapped, options).map_err(refused)
    }

    fn room(&self) -> Room {
        self.executor.room()
    }
}

impl<E: Shutdown, F, G> Shutdown for Bytes<E, F, G> {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.executor.shutdown(how, grace)
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("workers", &self.workers).finish_non_exhaustive()
    }
}
