//! The loop as seen from other threads: an executor of futures.

use crate::context::Context;
use crate::current::Loop;
use crate::driven::{Driven, Signal};
use crate::jobs::Ticket;
use crate::parcel::{Parcel, Withdraw};
use crate::shared::Shared;
use contract::{Executor, Job, Place, Reject, Rejected, Room, Submit};
use std::fmt;
use std::sync::Arc;

/// A loop, as seen from any thread. `Send + Sync`, and cheap to clone.
///
/// It takes [callbacks](Self::call_soon_threadsafe) and two kinds of tasks: [futures that are `Send`](Self::spawn), and
/// [closures](Self::spawn_pinned) which build a future that is not on the loop's own thread. Whatever sleeps, spawns or uses
/// sockets of the loop is such a future: the compiler then says that an `Rc` cannot be sent between threads, and the cure is
/// `spawn_pinned(async || …)`.
///
/// To code that takes any executor it is an [`Executor`] of both, the second in the form of [`pinned`]`(async || …)`; what
/// executors have beyond that, options and waiting for room, is in [`ExecutorExt`](contract::ExecutorExt).
///
/// It has no bound: a loop that takes on too much is slow, not full. Put a `Limited` from `sync-primitives` around it to
/// bound it.
///
/// As an executor it [shuts down](contract::Shutdown) from any other thread, for all of its clones: no more work is taken,
/// what was accepted ends within the grace or is reported. The loop itself goes on.
/// A loop that begins to close takes no more jobs, and callbacks until it has closed.
///
/// Awaiting a job of the same loop from inside it works; waiting for it blockingly there panics with the cure.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let handle = core_loop::Loop::current().handle();
///     let from_a_thread = core_loop::to_thread(move || handle.spawn(async { 6 * 7 }).unwrap().wait());
///     assert_eq!(from_a_thread.await.unwrap().unwrap(), 42);
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.run_coroutine_threadsafe(coroutine, loop)`.
#[derive(Clone)]
pub struct LoopHandle(Arc<Shared>);

impl Loop {
    /// This loop, for other threads.
    #[must_use]
    pub fn handle(&self) -> LoopHandle {
        LoopHandle(self.inner().shared.clone())
    }
}

impl LoopHandle {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Starts a task on the loop, from any thread: what comes back can be waited for by the thread, or awaited on any runtime.
    ///
    /// Its [`cancel`](Job::cancel) cancels the task; dropping it leaves the task alone. The output must be `Send`, and so must
    /// the future: for one that is not there is [`spawn_pinned`](Self::spawn_pinned).
    ///
    /// # Ordering
    ///
    /// Tasks and callbacks of one thread begin in the order in which it sent them.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the future, once the loop closes or the handle was [shut down](contract::Shutdown).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let handle = core_loop::Loop::current().handle();
    ///     let thread = std::thread::spawn(move || {
    ///         let job = handle.spawn(async { 6 * 7 }).expect("the loop runs");
    ///         job.wait().expect("nobody cancelled it")
    ///     });
    ///     let answer = core_loop::to_thread(move || thread.join().unwrap()).await;
    ///     assert_eq!(answer.unwrap(), 42);
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `asyncio.run_coroutine_threadsafe(coroutine, loop)`.
    pub fn spawn<F>(&self, future: F) -> Result<Job<F::Output>, Rejected<F>>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.try_submit_with(future, Submit::new())
    }

    /// As [`spawn`](Self::spawn), for a future that is built on the loop's own thread, by `function`, and need not be `Send`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the function, once the loop closes or the handle was [shut down](contract::Shutdown).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let handle = core_loop::Loop::current().handle();
    ///     let job = handle.spawn_pinned(async || {
    ///         let shared = std::rc::Rc::new(6); // not `Send`
    ///         core_loop::sleep(Duration::from_millis(1)).await; // nor is this
    ///         *shared * 7
    ///     });
    ///     assert_eq!(job.unwrap().await.unwrap(), 42);
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `asyncio.run_coroutine_threadsafe(coroutine, loop)`.
    pub fn spawn_pinned<F, T>(&self, function: F) -> Result<Job<T>, Rejected<Pinned<F>>>
    where
        F: AsyncFnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_submit_with(pinned(function), Submit::new())
    }

    /// Whether the loop is closed, and takes nothing more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn send_work<W, T, S>(&self, work: W, options: &Submit, start: S) -> Result<Job<T>, Rejected<W>>
    where
        W: Send + 'static,
        T: Send + 'static,
        S: FnOnce(W, Driven<T>, &Loop) + Send + 'static,
    {
        let Some(ticket) = Ticket::take(&self.0.jobs, options.label_ref().cloned()) else {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        };
        let key = ticket.key();
        let deadline = options.deadline_from_now();
        let (promise, job) = Job::promise(options, Place::none(), Signal::new());
        let driven = Driven::new(promise, deadline, ticket);
        let context = Context::current();
        let send = |parcel: Arc<Parcel<(W, Driven<T>, S)>>| {
            let start = move |lp: &Loop| {
                if let Some((work, driven, start)) = parcel.take() {
                    start(work, driven, lp);
                }
            };
            self.0.send(|| Box::new(move |lp| context.call(|| start(lp))))
        };
        match Parcel::send((work, driven, start), &self.0.jobs, key, send) {
            Ok(()) => Ok(job),
            Err((work, ..)) => Err(Rejected::new(work, Reject::ShuttingDown)),
        }
    }
}

impl<W: Send, T: Send + 'static, S: Send> Withdraw for (W, Driven<T>, S) {
    fn withdraw(self) -> bool {
        let (work, driven, _) = self;
        driven.withdraw(work)
    }
}

impl<F> Executor<F> for LoopHandle
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = F::Output;

    fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<F::Output>, Rejected<F>> {
        self.send_work(work, &options, |future, driven, lp| driven.start(lp, future))
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

/// Work for a [`LoopHandle`]: a closure that can be sent, whose future need not be. Made by [`pinned`].
pub struct Pinned<F>(F);

/// A closure that builds its future on the loop's own thread, so that the future need not be `Send`.
///
/// # Examples
///
/// ```
/// use contract::ExecutorExt;
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let handle = core_loop::Loop::current().handle();
///     let job = handle.run(core_loop::pinned(async || {
///         let shared = std::rc::Rc::new(6); // not `Send`
///         core_loop::yield_now().await;
///         *shared * 7
///     }));
///     assert_eq!(job.await.unwrap(), 42);
/// })
/// # }
/// ```
pub fn pinned<F, T>(function: F) -> Pinned<F>
where
    F: AsyncFnOnce() -> T + Send + 'static,
{
    Pinned(function)
}

impl<F, T> Executor<Pinned<F>> for LoopHandle
where
    F: AsyncFnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn try_submit_with(&self, work: Pinned<F>, options: Submit) -> Result<Job<T>, Rejected<Pinned<F>>> {
        self.send_work(work, &options, |Pinned(function), driven, lp| {
            driven.start(lp, async move { function().await })
        })
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for Pinned<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").finish_non_exhaustive()
    }
}
