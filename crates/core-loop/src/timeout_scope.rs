//! A timeout that its body can look at and move.

use crate::callback::far_from;
use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::{Elapsed, Found, InvalidState};
use crate::sleep::Sleep;
use crate::timeout::expire;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Runs `body` for at most `duration`, as [`timeout`](crate::timeout()) does, and lets it ask and move the deadline through
/// the [`TimeoutScope`] that it is given.
///
/// The clock starts with this call. `body` is dropped when the deadline has passed; the rules are those of `timeout`: the
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
///         let later = core_loop::Loop::current().time() + Duration::from_secs(1);
///         scope.reschedule(Some(later)).unwrap();
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
/// `async with asyncio.timeout(delay) as scope`. There the body sees a `CancelledError`, which it may swallow; here it is
/// dropped.
#[track_caller]
pub fn timeout_scope<T, B>(duration: Duration, body: B) -> impl Future<Output = Result<T, Elapsed>>
where
    B: AsyncFnOnce(TimeoutScope) -> T,
{
    let lp = Loop::current();
    let now = lp.time();
    let deadline = now.checked_add(duration).unwrap_or_else(|| far_from(now));
    let scope = TimeoutScope(Rc::new(Scope {
        sleep: RefCell::new(Some(Sleep::until(lp.clone(), deadline))),
        stage: Cell::new(Stage::Active),
        waiter: RefCell::new(None),
        lp,
    }));
    async move {
        // Dropped after the body.
        let over = Leave(scope);
        let mut body = pin!(Some(body(over.0.clone())));
        let mut clean_ups = None;
        poll_fn(|cx| over.0.poll(body.as_mut(), &mut clean_ups, cx)).await
    }
}

/// The timeout around a [`timeout_scope`]'s body: a cheap handle, which may be given to others and may outlive the scope.
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
///   ACTIVE ──► EXPIRED    the deadline has passed: the body is dropped, its clean-ups run
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

    /// Moves the deadline to `when`; `None` takes it away. A time that is past ends the body at its next await.
    ///
    /// # Errors
    ///
    /// [`InvalidState`], if the timeout has expired or its body has ended; then nothing changes.
    ///
    /// # Python
    ///
    /// `Timeout.reschedule(when)`.
    pub fn reschedule(&self, when: Option<Instant>) -> Result<(), InvalidState> {
        if self.expired() {
            return Err(InvalidState::new(Found::Expired, ()));
        }
        if self.0.stage.get() == Stage::Over {
            return Err(InvalidState::new(Found::Over, ()));
        }
        let mut sleep = when.map(|deadline| Sleep::until(self.0.lp.clone(), deadline));
        let waiter = self.0.waiter.borrow().clone();
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
