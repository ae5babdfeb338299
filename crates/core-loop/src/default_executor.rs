//! The loop's default executor: set, started at its first use, and shut down without blocking the loop.

use crate::current::Loop;
use crate::offload::{BoxedWork, DefaultExecutor};
use contract::{Drain, Executor, Job, Place, Reject, Rejected, Report, Room, Shutdown, Submit, Token};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use thread_executor::ThreadPool;

impl Loop {
    /// Sets the executor behind [`to_thread`](crate::to_thread). The one before is not shut down; whoever made it does
    /// that. A loop that is closed, or drops what is left, takes none.
    ///
    /// # Python
    ///
    /// `loop.set_default_executor(executor)`.
    pub fn set_default_executor(&self, executor: Arc<dyn DefaultExecutor>) {
        if self.inner().discarding.get() {
            return;
        }
        self.inner().executor_closed.set(false);
        let before = self.inner().executor.replace(Some(executor));
        drop(before);
    }

    /// The executor behind [`to_thread`](crate::to_thread); started now, if this is its first use. It takes
    /// [`BoxedWork`](crate::BoxedWork).
    ///
    /// Once it was [shut down](Self::shutdown_default_executor), by name or by the close of the loop, none is started any
    /// more: what this gives then refuses everything, as `ShuttingDown`.
    ///
    /// # Python
    ///
    /// What `loop.run_in_executor(None, …)` uses.
    #[must_use]
    pub fn default_executor(&self) -> Arc<dyn DefaultExecutor> {
        let inner = self.inner();
        let mut executor = inner.executor.borrow_mut();
        match &*executor {
            Some(executor) => executor.clone(),
            None if inner.executor_closed.get() || inner.discarding.get() => Arc::new(Gone),
            None => executor.insert(Arc::new(default_pool())).clone(),
        }
    }

    /// Shuts the default executor down: what it has accepted ends within `grace`; what has not started by then is cancelled,
    /// and what still runs is named in the report. The loop goes on meanwhile.
    ///
    /// From this call on [`to_thread`](crate::to_thread) is refused, until
    /// [`set_default_executor`](Self::set_default_executor) brings another executor. The close of the loop does all this by
    /// itself.
    ///
    /// # Cancel safety
    ///
    /// The shutdown begins inside this call and goes on without the future, which only waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let sum = core_loop::to_thread(|| 1 + 1);
    ///     let report = core_loop::Loop::current().shutdown_default_executor(Duration::from_secs(5)).await;
    ///     assert!(report.is_clean());
    ///     assert_eq!(sum.await.unwrap(), 2);
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `await loop.shutdown_default_executor(timeout)`, which warns where this reports.
    #[track_caller]
    pub fn shutdown_default_executor(&self, grace: Duration) -> ShutdownDefaultExecutor {
        self.inner().executor_closed.set(true);
        let executor = self.inner().executor.borrow().clone();
        match executor {
            Some(executor) => {
                let outside = self.inner().reactor.outside(Location::caller());
                ShutdownDefaultExecutor::begin(executor, Drain::Queued, grace, outside)
            }
            None => ShutdownDefaultExecutor(State::Over(Report::default())),
        }
    }

    /// What [`to_thread`](crate::to_thread) uses, unless it was shut down.
    pub(crate) fn open_executor(&self) -> Option<Arc<dyn DefaultExecutor>> {
        (!self.inner().executor_closed.get()).then(|| self.default_executor())
    }
}

/// In place of an executor that was shut down before it was ever used.
struct Gone;

impl Executor<BoxedWork> for Gone {
    type Output = ();

    fn try_submit_with(&self, work: BoxedWork, _: Submit) -> Result<Job<()>, Rejected<BoxedWork>> {
        Err(Rejected::new(work, Reject::ShuttingDown))
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

impl Shutdown for Gone {
    fn shutdown(&self, _: Drain, _: Duration) -> Report {
        Report::default()
    }
}

/// A pool of its default size, which is Python's.
pub(crate) fn default_pool() -> ThreadPool {
    ThreadPool::builder().name("to_thread").build()
}

/// Made by [`Loop::shutdown_default_executor`]: gives the report.
#[must_use = "the report says what did not end"]
pub struct ShutdownDefaultExecutor(State);

enum State {
    /// On a thread of its own, because a shutdown blocks.
    Elsewhere(Job<Report>),
    Over(Report),
}

impl ShutdownDefaultExecutor {
    /// `outside` is for the loop that waits for it, if one does.
    pub(crate) fn begin(
        executor: Arc<dyn DefaultExecutor>,
        how: Drain,
        grace: Duration,
        outside: Option<Token>,
    ) -> Self {
        let thread = std::thread::Builder::new().name("loop-close".to_owned());
        let kept = executor.clone();
        let shutdown = move || executor.shutdown(how, grace);
        let (runnable, job) = Job::package(shutdown, &Submit::new(), Place::none(), ());
        let work = move || {
            // Until it has ended; and the wake comes first.
            let _outside = outside;
            runnable.run();
        };
        match thread.spawn(work) {
            Ok(_detached) => Self(State::Elsewhere(job)),
            // There are no threads left: what has not started is cancelled, and nobody waits for the rest.
            Err(_) => Self(State::Over(kept.shutdown(how, Duration::ZERO))),
        }
    }
}

impl Future for ShutdownDefaultExecutor {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Report> {
        match &mut self.0 {
            // An executor of the user's that panicked has no report.
            State::Elsewhere(job) => Pin::new(job).poll(cx).map(Result::unwrap_or_default),
            State::Over(report) => Poll::Ready(std::mem::take(report)),
        }
    }
}

impl fmt::Debug for ShutdownDefaultExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownDefaultExecutor")
            .field("under_way", &matches!(self.0, State::Elsewhere(_)))
            .finish_non_exhaustive()
    }
}
