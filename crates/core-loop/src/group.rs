//! Groups: children that end before whoever started them goes on.

use crate::bells::Bell;
use crate::error::{Cancelled, Reason};
use crate::task::{Asking, Task, spawn, spawn_cooperative, spawn_eager};
use child::Running;
use report::{Report, Reporter};
use state::{Member, Stage, State};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

mod child;
mod drive;
mod error;
mod failures;
mod leave;
mod report;
mod scoped;
mod slot;
mod state;

pub use child::ChildTask;
pub use error::{ChildError, GroupClosed, GroupError, StartError};
pub use report::TaskStatus;
pub use scoped::{ScopedChild, ScopedGroup};

/// Tasks that belong together: all of them have ended, clean-ups and all, when [`scope`](Self::scope) has.
///
/// This is the handle that children are spawned with: cheap to clone, so that a child may spawn siblings. `!Send`, as tasks
/// are. For children that borrow there is [`ScopedGroup`].
///
/// # Python
///
/// `asyncio.TaskGroup`.
pub struct TaskGroup<E: 'static>(Rc<State<'static, E>>);

impl<E: 'static> TaskGroup<E> {
    /// Runs `body`, which may spawn children into the group, and waits for all of them.
    ///
    /// When the body or a child fails, all others are cancelled in the order of their spawns, the body is dropped, and when
    /// the last clean-up has ended the failures come back together. A child that is cancelled on its own is no failure.
    ///
    /// # Ordering
    ///
    /// The group hears of a failure in the turn after it. Who has failed until then is in the error, too, in the order of
    /// failing; whoever has not is cancelled, also if it would have been ready.
    ///
    /// # Errors
    ///
    /// [`GroupError`], which holds what the children and the body have failed with.
    ///
    /// # Panics
    ///
    /// Outside a loop. A panic of a child, or of the body, ends the group as a failure does, and goes on when all have
    /// ended; errors beside it go to the exception handler.
    ///
    /// # Cancel safety
    ///
    /// Dropping it – a cancel, a [`timeout`](crate::timeout()), a `select!` – drops the body first. Then the group becomes a
    /// clean-up of the current task (see [`finally`](crate::finally)), which cancels the children when the clean-ups of the
    /// body have ended, and waits for them: an inner group ends before the outer one is told. What the children have failed
    /// with goes to the exception handler then, as does a panic.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_loop::TaskGroup;
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let sum = TaskGroup::<std::num::ParseIntError>::scope(async |group| {
    ///         let (a, b) = (group.spawn(async { "1".parse::<i32>() }), group.spawn(async { "2".parse::<i32>() }));
    ///         Ok(a.await.unwrap() + b.await.unwrap())
    ///     });
    ///     assert_eq!(sum.await.unwrap(), 3);
    ///
    ///     let failed = TaskGroup::scope(async |group| {
    ///         group.spawn(async { "three".parse::<i32>() });
    ///         std::future::pending().await // until the child's failure ends it
    ///     });
    ///     let failed: Result<(), _> = failed.await;
    ///     assert_eq!(failed.unwrap_err().to_string(), "the group failed: invalid digit found in string");
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `async with asyncio.TaskGroup() as group:`. There the body and the children see a `CancelledError`, which they may
    /// answer with another error; here they are dropped, unless [asked for](Self::scope_cooperative). A panic is what `SystemExit` is there: it leaves bare.
    pub async fn scope<T>(body: impl AsyncFnOnce(&Self) -> Result<T, E>) -> Result<T, GroupError<E>> {
        let group = Self::new();
        // Before the body, so that it is dropped after it.
        let _owner = leave::Owner(group.0.clone());
        drive::drive_dropping(&group.0, async || body(&group).await).await
    }

    /// As [`scope`](Self::scope), with a body that is asked to end, not dropped: as a cancel asks a
    /// [cooperative](crate::spawn_cooperative()) task, by an error of the innermost [`cancellable`](crate::cancellable) in it.
    ///
    /// ```text
    ///              somebody fails, or `cancel`                    it passes the error on, fails, or gives a value
    ///   RUNNING ────────────────────────────────► RUNNING, ASKED ──────────────────────────────────────────────► OVER
    ///      └───────────────────────────────────────────────────────────────────────────────────────────────────────▲
    ///           it ends by itself; then the group waits for its children, and a cancel of the task ends them
    /// ```
    ///
    /// The request is the group's own: it reaches nothing outside the body, [`cancelling`](crate::AnyTask::cancelling) counts
    /// it, and when the body has ended it is taken back. The body may clean up with awaits; what it fails with meanwhile, as
    /// `Ok(Err(error))`, is in the group's error.
    ///
    /// A cancel of the task ends the group: the body, or the group itself once that is over, takes it; the children are
    /// cancelled, and when all have ended it goes on. If somebody has failed, the errors come out instead, and the cancel
    /// interrupts the next `cancellable` after the group.
    ///
    /// In a task of the usual kind nobody can be asked: there it is `scope`.
    ///
    /// # Ordering
    ///
    /// As of [`scope`](Self::scope). The children are cancelled first, then the body is asked.
    ///
    /// # Errors
    ///
    /// The outer one is [`Cancelled`], if nobody has failed and the body passed a cancel on: of the task, or of the group by
    /// [`cancel`](Self::cancel), which leaves no value to give. The inner one is [`GroupError`].
    ///
    /// # Panics
    ///
    /// As of [`scope`](Self::scope).
    ///
    /// # Cancel safety
    ///
    /// Dropping it – by a `timeout`, or in a task of the usual kind – is as with [`scope`](Self::scope).
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_loop::{TaskGroup, cancellable, current_task, sleep, spawn_cooperative};
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     let task = spawn_cooperative(async {
    ///         let outcome = TaskGroup::<&str>::scope_cooperative(async |group| {
    ///             group.spawn(async { Err::<(), _>("no luck") });
    ///             let slept = cancellable(sleep(Duration::from_secs(3600))).await;
    ///             sleep(Duration::from_millis(1)).await; // clean up, with awaits
    ///             slept.map(Ok)
    ///         })
    ///         .await?;
    ///         assert_eq!(current_task().unwrap().cancelling(), 0);
    ///         Ok(outcome)
    ///     });
    ///     assert_eq!(task.await.unwrap().unwrap_err().first, "no luck");
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `async with asyncio.TaskGroup() as group:`, where every task is cooperative. There a group that fails in a task with
    /// requests from before the group makes one of them again; here only those that came since.
    pub async fn scope_cooperative<T>(
        body: impl AsyncFnOnce(&Self) -> Result<Result<T, E>, Cancelled>,
    ) -> Result<Result<T, GroupError<E>>, Cancelled> {
        let group = Self::new();
        let _owner = leave::Owner(group.0.clone());
        match Asking::begin() {
            Some(asking) => drive::drive(&group.0, Some(Rc::new(asking)), body(&group)).await,
            None => drive::drive(&group.0, None, body(&group)).await,
        }
    }

    fn new() -> Self {
        Self(Rc::new(State::new(|error| Some(error))))
    }

    /// Starts a child: a task, as [`spawn`](crate::spawn()) makes it. Its error is a failure of the group.
    ///
    /// A group that is shutting down, or has ended, takes no more children: then `future` is dropped unpolled, and the handle
    /// says [`ChildError::Cancelled`], with the reason. [`try_spawn`](Self::try_spawn) gives it back.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `TaskGroup.create_task(coroutine)`, which raises where this gives a handle that was cancelled: a child that spawns
    /// while its group is being cancelled has done nothing wrong.
    #[track_caller]
    pub fn spawn<T: 'static>(&self, future: impl Future<Output = Result<T, E>> + 'static) -> ChildTask<T> {
        self.try_spawn(future).unwrap_or_else(|closed| ChildTask::refused(closed.reason()))
    }

    /// As [`spawn`](Self::spawn), for whoever must know whether the child was taken.
    ///
    /// # Errors
    ///
    /// [`GroupClosed`], with the future, if the group is shutting down or has ended.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    #[track_caller]
    pub fn try_spawn<T, F>(&self, future: F) -> Result<ChildTask<T>, GroupClosed<F>>
    where
        T: 'static,
        F: Future<Output = Result<T, E>> + 'static,
    {
        match self.place() {
            Ok(place) => Ok(self.add(place, spawn(future), None)),
            Err(ended) => Err(GroupClosed { future, ended }),
        }
    }

    /// As [`spawn`](Self::spawn), for a [cooperative](spawn_cooperative) task: when the group ends, the child hears of it at
    /// its [`cancellable`](crate::cancellable), and what it then fails with is in the group's error as well.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// What every child of `asyncio.TaskGroup` is.
    #[track_caller]
    pub fn spawn_cooperative<T: 'static>(
        &self,
        future: impl Future<Output = Result<Result<T, E>, Cancelled>> + 'static,
    ) -> ChildTask<T> {
        match self.place() {
            Ok(place) => self.add(place, spawn_cooperative(future), None),
            Err(ended) => ChildTask::refused(GroupClosed { future, ended }.reason()),
        }
    }

    /// As [`spawn`](Self::spawn), for an [eager](crate::spawn_eager()) task: its first step runs inside this call. If it fails in
    /// there, the group hears of it in the next turn, as of any other: the body goes on to its next await.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `TaskGroup.create_task(coroutine, eager_start=True)`.
    #[track_caller]
    pub fn spawn_eager<T: 'static>(
        &self,
        future: impl Future<Output = Result<T, E>> + 'static,
    ) -> ChildTask<T> {
        match self.place() {
            Ok(place) => self.add(place, spawn_eager(future), None),
            Err(ended) => ChildTask::refused(GroupClosed { future, ended }.reason()),
        }
    }

    /// Starts a child and waits until it says that it has started; gives what it says, and its handle.
    ///
    /// # Errors
    ///
    /// [`StartError`], if the child ended before that. What it failed with is in there, and is no failure of the group: the
    /// next address may be free.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before the child has said so cancels the child; its group waits for its clean-ups.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_loop::{TaskGroup, TaskStatus, net::TcpListener};
    /// # use std::{error::Error, io};
    /// async fn serve(status: TaskStatus<u16>) -> io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     status.started(listener.local_addr()?.port());
    ///     loop {
    ///         drop(listener.accept().await?);
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn Error>> {
    /// core_loop::run(TaskGroup::scope(async |group| {
    ///     let (port, server) = group.start(serve).await.map_err(io::Error::other)?;
    ///     assert_ne!(port, 0);
    ///     server.cancel("enough");
    ///     Ok(())
    /// }))??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `await task_group.start(serve)` of AnyIO and trio; asyncio has nothing like it.
    pub async fn start<T: 'static, V: 'static>(
        &self,
        body: impl AsyncFnOnce(TaskStatus<V>) -> Result<T, E> + 'static,
    ) -> Result<(V, ChildTask<T>), StartError<E>> {
        let report = Report::new();
        let status = report.status();
        let child = match self.place() {
            Ok(place) => self.add(place, spawn(async move { body(status).await }), Some(report.clone())),
            Err(ended) => {
                let reason = GroupClosed { future: body, ended }.reason();
                return Err(StartError::Ended(ChildError::Cancelled(reason)));
            }
        };
        let waiting = Waiting { report: &report, child: &child };
        let value = poll_fn(|cx| report.slot.poll(cx)).await?;
        drop(waiting);
        Ok((value, child))
    }

    /// Cancels all children, and takes no more. This is no failure. The body goes on, since it has to give the value; one that
    /// can be [asked](Self::scope_cooperative) to end, is. Of several cancels the first counts.
    ///
    /// # Python
    ///
    /// `TaskGroup.cancel()` of 3.15, which cancels the body as well. There a body that lets this through is done; here it has
    /// no value then, and the scope gives [`Cancelled`] with this reason.
    pub fn cancel(&self, reason: impl Into<Reason>) {
        self.0.shut_down(&reason.into());
    }

    /// For one more child; an error says whether the group has ended.
    fn place(&self) -> Result<(usize, Bell), bool> {
        match self.0.stage() {
            Stage::Open => Ok(self.0.place()),
            stage => Err(stage == Stage::Ended),
        }
    }

    fn add<T: 'static>(
        &self,
        (id, bell): (usize, Bell),
        task: Task<Result<T, E>>,
        reporter: Option<Rc<dyn Reporter<E>>>,
    ) -> ChildTask<T> {
        let child = Running::new(task, bell, reporter);
        if child.has_failed() {
            // In its eager step: its group hears of it in the next turn.
            self.0.add(id, child.clone());
            child.ring();
        } else {
            // Hands its bell to the task.
            match child.poll() {
                Poll::Pending => self.0.add(id, child.clone()),
                Poll::Ready(end) => self.0.note(end),
            }
        }
        if self.0.stage() != Stage::Open {
            // Its eager step has shut the group down, which did not know it yet.
            child.cancel("its group is shutting down".into());
        }
        child.handle()
    }
}

/// Somebody waits for a child's report. Dropped before it came, cancels the child.
struct Waiting<'a, T: 'static, V, E> {
    report: &'a Report<V, E>,
    child: &'a ChildTask<T>,
}

impl<T: 'static, V, E> Drop for Waiting<'_, T, V, E> {
    fn drop(&mut self) {
        if self.report.slot.is_empty() {
            self.report.abandoned.set(true);
            self.child.cancel("nobody waits for its start any more");
        }
    }
}

impl<E: 'static> Clone for TaskGroup<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: 'static> fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup").field("children", &self.0.len()).finish_non_exhaustive()
    }
}
