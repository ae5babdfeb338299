//! A timeout that its body can look at and move.

use crate::clean_up::Pending;
use crate::current::Loop;
use crate::deadline::Deadline;
use crate::error::{Cancelled, Elapsed, Found, InvalidState};
use crate::sleep::Sleep;
use crate::task::Asking;
use crate::timeout::expire;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Runs `body` until `deadline` at most, as [`timeout`](crate::timeout()) does, and lets it ask and move the deadline through
/// the [`TimeoutScope`] that it is given.
///
/// The deadline is a duration, a time, or `None` for a body that sets one later: see [`Deadline`]. The clock starts with this
/// call. `body` is dropped when the deadline has passed; the rules are those of `timeout`: the
/// deadline is looked at first, a body that never awaits is never too late, and the error comes after the clean-ups.
///
/// # Errors
///
/// [`Elapsed`], if the deadline comes first.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it drops the body, and loses what a drop of the body loses.
///
/// # Examples
///
/// ```
/// use core_loop::{sleep, timeout_scope};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let outcome = timeout_scope(Duration::from_millis(5), async |scope| {
///         // There is something to do after all: a second from now.
///         scope.reschedule(Duration::from_secs(1)).unwrap();
///         sleep(Duration::from_millis(10)).await;
///         scope.expired()
///     });
///     assert_eq!(outcome.await, Ok(false));
/// })
/// # }
/// ```
///
/// # Python
///
/// `async with asyncio.timeout(delay) as scope` and `asyncio.timeout_at(when)`. There the body sees a `CancelledError`, which it may swallow; here it is
/// dropped. [`timeout_scope_cooperative`] asks it.
#[track_caller]
pub fn timeout_scope<T, D, B>(deadline: D, body: B) -> impl Future<Output = Result<T, Elapsed>>
where
    D: Into<Deadline>,
    B: AsyncFnOnce(TimeoutScope) -> T,
{
    let scope = TimeoutScope::new(deadline.into());
    async move {
        // Dropped after the body.
        let over = Leave(scope);
        run_dropping(&over.0, body).await
    }
}

/// Runs `body`, and asks it to end at `deadline`, a duration, a time or `None`: as a cancel asks a [cooperative](crate::spawn_cooperative) task,
/// by an error of the innermost [`cancellable`](crate::cancellable) in it.
///
/// The request is the timeout's own: it reaches nothing outside the body, [`cancelling`](crate::AnyTask::cancelling) counts it,
/// and when the body has ended it is taken back. How the body ends is the answer:
///
/// * it passes the error on, with `?`: that is [`Elapsed`] – unless somebody around asks as well, a cancel or another scope.
///   Then it goes on as [`Cancelled`];
/// * it ends with a value, or with an error of its own inside that value: this is what comes out, late as it is.
///
/// In a task of the usual kind nobody can be asked: `body` is dropped, as by [`timeout_scope`].
///
/// # Errors
///
/// The outer one is [`Cancelled`], if `body` gave that for another reason than the deadline. The inner one is [`Elapsed`].
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping it drops the body, and loses what a drop of the body loses.
///
/// # Examples
///
/// ```
/// use core_loop::{Elapsed, cancellable, sleep, spawn_cooperative, timeout_scope_cooperative};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let task = spawn_cooperative(async {
///         let outcome = timeout_scope_cooperative(Duration::from_millis(5), async |_| {
///             let slept = cancellable(sleep(Duration::from_secs(3600))).await;
///             sleep(Duration::from_millis(1)).await; // clean up, with awaits
///             slept
///         });
///         Ok(outcome.await?) // a cancel of the task goes on
///     });
///     assert_eq!(task.await.unwrap(), Err(Elapsed));
/// })
/// # }
/// ```
///
/// # Python
///
/// `async with asyncio.timeout(delay) as scope` and `asyncio.timeout_at(when)`, in every respect.
#[track_caller]
pub fn timeout_scope_cooperative<T, D, B>(
    deadline: D,
    body: B,
) -> impl Future<Output = Result<Result<T, Elapsed>, Cancelled>>
where
    D: Into<Deadline>,
    B: AsyncFnOnce(TimeoutScope) -> Result<T, Cancelled>,
{
    let scope = TimeoutScope::new(deadline.into());
    async move {
        // Dropped after the body, as is the request.
        let over = Leave(scope);
        match Asking::begin() {
            Some(asking) => run_asking(&over.0, &asking, body).await,
            None => {
                run_dropping(&over.0, body).await.map_or_else(|late| Ok(Err(late)), |ended| ended.map(Ok))
            }
        }
    }
}

async fn run_dropping<T>(
    scope: &TimeoutScope,
    body: impl AsyncFnOnce(TimeoutScope) -> T,
) -> Result<T, Elapsed> {
    let mut body = pin!(Some(body(scope.clone())));
    let mut clean_ups = None;
    poll_fn(|cx| scope.poll(body.as_mut(), &mut clean_ups, cx)).await
}

async fn run_asking<T>(
    scope: &TimeoutScope,
    asking: &Asking,
    body: impl AsyncFnOnce(TimeoutScope) -> Result<T, Cancelled>,
) -> Result<Result<T, Elapsed>, Cancelled> {
    let ended = {
        let mut body = pin!(body(scope.clone()));
        poll_fn(|cx| scope.poll_asking(asking, body.as_mut(), cx)).await
    };
    match ended {
        Err(_) if scope.expired() && !asking.is_reached_from_outside() => Ok(Err(Elapsed)),
        ended => ended.map(Ok),
    }
}

/// The timeout around the body of a [`timeout_scope`] or a [`timeout_scope_cooperative`]: a cheap handle, which may be given to others and may outlive the scope.
///
/// # Python
///
/// `asyncio.Timeout`.
#[derive(Clone)]
pub struct TimeoutScope(Rc<Scope>);

struct Scope {
    lp: Loop,
    /// `None`: no deadline.
    sleep: RefCell<Option<Sleep>>,
    stage: Cell<Stage>,
    /// Whoever awaits the scope.
    waiter: RefCell<Option<Waker>>,
}

/// ```text
///   ACTIVE ──► EXPIRED    the deadline has passed: the body is dropped, its clean-ups run; or it was asked to end
///      │
///      └─────► OVER       the body has ended, or was dropped in another way
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Active,
    Expired,
    Over,
}

impl TimeoutScope {
    #[track_caller]
    fn new(deadline: Deadline) -> Self {
        let lp = Loop::current();
        let sleep = deadline.of(&lp).map(|when| Sleep::until(lp.clone(), when));
        Self(Rc::new(Scope {
            sleep: RefCell::new(sleep),
            stage: Cell::new(Stage::Active),
            waiter: RefCell::new(None),
            lp,
        }))
    }

    /// The deadline; `None` if there is none.
    ///
    /// # Python
    ///
    /// `Timeout.when()`.
    #[must_use]
    pub fn when(&self) -> Option<Instant> {
        self.0.sleep.borrow().as_ref().map(Sleep::deadline)
    }

    /// Whether the deadline passed before the body ended.
    ///
    /// # Python
    ///
    /// `Timeout.expired()`.
    #[must_use]
    pub fn expired(&self) -> bool {
        match self.0.stage.get() {
            Stage::Active => self.0.sleep.borrow().as_ref().is_some_and(Sleep::has_fired),
            Stage::Expired => true,
            Stage::Over => false,
        }
    }

    /// Moves the deadline: to a time, to a duration from now on; `None` takes it away. See [`Deadline`]. A time that is past ends
    /// the body at its next await.
    ///
    /// # Errors
    ///
    /// [`InvalidState`], if the timeout has expired or its body has ended; then nothing changes.
    ///
    /// # Python
    ///
    /// `Timeout.reschedule(when)`, which takes no duration.
    pub fn reschedule(&self, deadline: impl Into<Deadline>) -> Result<(), InvalidState> {
        if self.expired() {
            return Err(InvalidState::new(Found::Expired, ()));
        }
        if self.0.stage.get() == Stage::Over {
            return Err(InvalidState::new(Found::Over, ()));
        }
        let when = deadline.into().of(&self.0.lp);
        let mut sleep = when.map(|when| Sleep::until(self.0.lp.clone(), when));
        // Out of its place while it is cloned, which may run foreign code.
        let kept = self.0.waiter.take();
        let waiter = kept.clone();
        self.0.waiter.replace(kept);
        if let (Some(sleep), Some(waiter)) = (&mut sleep, &waiter) {
            let _armed = Pin::new(sleep).poll(&mut Context::from_waker(waiter));
        }
        let before = self.0.sleep.replace(sleep);
        drop(before);
        Ok(())
    }

    /// One poll of the scope.
    fn poll<F: Future>(
        &self,
        mut body: Pin<&mut Option<F>>,
        clean_ups: &mut Option<Pending>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Elapsed>> {
        if self.0.stage.get() == Stage::Active {
            if !self.is_due(cx) {
                let running = body.as_mut().as_pin_mut().expect("it runs while the scope is active");
                let output = std::task::ready!(running.poll(cx));
                self.0.stage.set(Stage::Over);
                body.set(None);
                return Poll::Ready(Ok(output));
            }
            self.0.stage.set(Stage::Expired);
            expire(|| body.set(None), |left| *clean_ups = Some(left));
        }
        if let Some(left) = clean_ups {
            std::task::ready!(left.poll(cx));
        }
        Poll::Ready(Err(Elapsed))
    }

    /// One poll of a scope that asks its body.
    fn poll_asking<F: Future>(
        &self,
        asking: &Asking,
        body: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        if self.0.stage.get() == Stage::Active && self.is_due(cx) {
            self.0.stage.set(Stage::Expired);
            asking.ask("the time is over".into());
        }
        asking.poll(|| body.poll(cx))
    }

    /// Whether the deadline has passed; if not, the timer is armed for whoever polls.
    fn is_due(&self, cx: &mut Context<'_>) -> bool {
        let before = self.0.waiter.replace(Some(cx.waker().clone()));
        drop(before);
        // Out of its place while it is polled, which may run a foreign waker's destructor.
        let Some(mut sleep) = self.0.sleep.take() else { return false };
        let due = Pin::new(&mut sleep).poll(cx).is_ready();
        self.0.sleep.replace(Some(sleep));
        due
    }
}

/// Ends the scope when its future goes.
struct Leave(TimeoutScope);

impl Drop for Leave {
    fn drop(&mut self) {
        let TimeoutScope(scope) = &self.0;
        let stage = if self.0.expired() { Stage::Expired } else { Stage::Over };
        scope.stage.set(stage);
        let waiter = scope.waiter.take();
        drop(waiter);
        // Its deadline can still be asked for, its timer is gone.
        let sleep = scope.sleep.take();
        scope.sleep.replace(sleep.map(|sleep| Sleep::until(scope.lp.clone(), sleep.deadline())));
    }
}

impl fmt::Debug for TimeoutScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutScope").field("when", &self.when()).field("expired", &self.expired()).finish()
    }
}
