//! A future that somebody sets: asyncio's `Future`.

use crate::callback::Handle;
use crate::current::Loop;
use crate::error::{Found, InvalidState, JoinError, Reason};
use crate::task::cancelling;
use crate::waitable::Waitable;
use cell::{Cell, Number};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

mod callbacks;
mod cell;
mod promise;

pub(crate) use callbacks::DoneCallbacks;
pub use promise::Promise;

/// A future that is set once, by whoever has a handle, and awaited by as many as like: each awaits a clone of the handle
/// and gets a clone of the output.
///
/// An output that cannot be cloned, or is dear to clone, goes into an `Rc` or `Arc`; [`result`](Self::result) gives a
/// reference without any clone. What fails in the sense of Python is a `Result` as output, which has
/// [`set_exception`](Self::set_exception).
///
/// The handle is `Send` and `Sync` if the output is both: it may be set from any thread, awaited on any loop, and waited for by
/// a thread with [`block_on`](contract::block_on). If a thread may die before it has set it, give that thread a
/// [`Promise`].
///
/// In debug mode one is [reported](crate::DebugReport::NeverAwaited) that goes and that nobody ever awaited, asked after or
/// cancelled.
///
/// The name is Python's, and that of the trait in the prelude: write `core_loop::Future` instead of importing it.
///
/// # Ordering
///
/// Setting it runs nothing inside the call. Awaiters and callbacks of the same loop come in the next turn, in the order in
/// which they registered.
///
/// # Errors
///
/// Awaiting it gives [`JoinError::Cancelled`] if it was cancelled.
///
/// # Cancel safety
///
/// Dropping a handle loses nothing. But if its awaiter is *cancelled*, or runs into a [`timeout`](crate::timeout()), the
/// future is cancelled too, for everybody, as a task in its place would be: [`Waitable::shield`] prevents it.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let answer = core_loop::Future::new();
///     let waiters = [answer.clone(), answer.clone()].map(core_loop::spawn);
///     std::thread::spawn(move || answer.set_result(42).unwrap());
///     for waiter in waiters {
///         assert_eq!(waiter.await.unwrap().unwrap(), 42);
///     }
/// })
/// # }
/// ```
///
/// # Python
///
/// `asyncio.Future`. There it belongs to one loop and must be set on its thread.
pub struct Future<T> {
    cell: Arc<Cell<T>>,
    /// As which of the waiters this handle is registered.
    number: Option<Number>,
    /// Somebody awaits this handle, or did.
    awaited: bool,
}

impl<T> Future<T> {
    /// A future that nobody has set.
    ///
    /// # Python
    ///
    /// `asyncio.Future()`.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self { cell: Cell::new(), number: None, awaited: false }
    }

    /// A future, and the promise to set it: for a thread that may die before it does.
    #[track_caller]
    pub fn promise() -> (Promise<T>, Self) {
        let future = Self::new();
        (Promise::new(future.clone()), future)
    }

    /// Sets the output.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] with `output`, if there is an outcome already. Whoever is merely too late, because the future was
    /// cancelled meanwhile, lets it be: `let _late = future.set_result(output);`
    ///
    /// # Python
    ///
    /// `Future.set_result(result)`.
    pub fn set_result(&self, output: T) -> Result<(), InvalidState<T>> {
        self.cell.set(Ok(output)).map_err(|refused| match refused {
            Ok(output) => InvalidState::new(self.found(), output),
            Err(_) => unreachable!("what comes back is what was given"),
        })
    }

    /// Cancels it: awaiters get [`JoinError::Cancelled`] with this reason. `false` if there is an outcome already, which
    /// nobody will be missing then: debug mode does not report it.
    ///
    /// # Python
    ///
    /// `Future.cancel(msg)`.
    pub fn cancel(&self, reason: impl Into<Reason>) -> bool {
        self.cell.hear();
        self.end_cancelled(reason.into())
    }

    /// A cancel that nobody asked for by name: it says nothing of whether anybody wants the outcome.
    fn end_cancelled(&self, reason: Reason) -> bool {
        self.cell.set(Err(JoinError::Cancelled(reason))).is_ok()
    }

    /// Whether it was set or cancelled.
    ///
    /// # Python
    ///
    /// `Future.done()`.
    #[must_use]
    pub fn done(&self) -> bool {
        self.cell.ask().is_some()
    }

    /// Whether it was cancelled.
    ///
    /// # Python
    ///
    /// `Future.cancelled()`.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        matches!(self.cell.ask(), Some(Err(_)))
    }

    /// The same, by whoever is to set it: it says nothing of whether anybody awaits it.
    fn is_cancelled(&self) -> bool {
        matches!(self.cell.outcome(), Some(Err(_)))
    }

    /// The output, without waiting for it.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] while it is pending, and if it was cancelled.
    ///
    /// # Python
    ///
    /// `Future.result()`, which raises the exception that was set, or `CancelledError`.
    pub fn result(&self) -> Result<&T, InvalidState> {
        match self.cell.ask() {
            Some(Ok(output)) => {
                self.cell.hear();
                Ok(output)
            }
            _ => Err(InvalidState::new(self.found(), ())),
        }
    }

    /// Has `function` called once there is an outcome: soon, by the loop that runs here now, like
    /// [`call_soon`](Loop::call_soon). Never inside a call, also if there is one already.
    ///
    /// Its [`cancel`](Handle::cancel) takes it back. If the last handle goes and nobody has set the future, it is dropped
    /// uncalled – but a handle that it captures itself keeps the future until the loop closes.
    ///
    /// # Panics
    ///
    /// Outside a loop. If `function` panics, the exception handler is told.
    ///
    /// # Python
    ///
    /// `Future.add_done_callback(callback)`, which gives the future as an argument: capture a clone of what it needs.
    /// `Future.remove_done_callback(callback)` is the handle's `cancel`.
    #[track_caller]
    pub fn add_done_callback(&self, function: impl FnOnce() + 'static) -> Handle {
        let lp = Loop::current();
        let (handle, call) = lp.prepare(function);
        if lp.inner().shared.is_closed() {
            handle.cancel();
        } else {
            self.cell.call_when_done(&lp, call);
        }
        handle
    }

    fn found(&self) -> Found {
        match self.cell.outcome() {
            None => Found::Pending,
            Some(Err(JoinError::Cancelled(reason))) => Found::Cancelled(reason.clone()),
            Some(_) => Found::Finished,
        }
    }
}

impl<T, E> Future<Result<T, E>> {
    /// Sets an error as its output.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] with the error, if there is an outcome already.
    ///
    /// # Python
    ///
    /// `Future.set_exception(exception)`.
    pub fn set_exception(&self, error: E) -> Result<(), InvalidState<E>> {
        self.cell.set(Ok(Err(error))).map_err(|refused| match refused {
            Ok(Err(error)) => InvalidState::new(self.found(), error),
            _ => unreachable!("what comes back is what was given"),
        })
    }

    /// The error that was set, if it was one.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] while it is pending, and if it was cancelled.
    ///
    /// # Python
    ///
    /// `Future.exception()`.
    pub fn exception(&self) -> Result<Option<&E>, InvalidState> {
        self.result().map(|output| output.as_ref().err())
    }
}

/// What every awaiter gets of an outcome.
fn share<T: Clone>(outcome: &Result<T, JoinError>) -> Result<T, JoinError> {
    match outcome {
        Ok(output) => Ok(output.clone()),
        Err(JoinError::Cancelled(reason)) => Err(JoinError::Cancelled(reason.clone())),
        Err(_) => unreachable!("a future is set or cancelled, nothing else"),
    }
}

impl<T: Clone> std::future::Future for Future<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let outcome = this.cell.poll(&mut this.number, cx);
        this.awaited = outcome.is_pending();
        if outcome.is_ready() {
            this.cell.hear();
        }
        outcome.map(share)
    }
}

impl<T: Clone> Waitable for Future<T> {
    type Value = T;
    type Error = JoinError;

    fn done(&self) -> bool {
        Self::done(self)
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.cell.poll(&mut self.number, cx).map(|_| ())
    }

    fn forget_waiter(&mut self) {
        self.cell.forget(&mut self.number);
    }

    fn outcome(&self) -> Option<Result<&T, &JoinError>> {
        self.cell.ask().map(Result::as_ref)
    }

    fn request_cancel(&self, reason: Reason) -> bool {
        self.cancel(reason)
    }
}

/// Another handle of the same future.
impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Self { cell: self.cell.clone(), number: None, awaited: false }
    }
}

impl<T> Default for Future<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Future<T> {
    fn drop(&mut self) {
        self.cell.forget(&mut self.number);
        if self.awaited
            && let Some(reason) = cancelling()
        {
            self.end_cancelled(reason);
        }
    }
}

impl Loop {
    /// A future that nobody has set: the same as [`Future::new`].
    ///
    /// # Python
    ///
    /// `loop.create_future()`.
    #[must_use]
    #[track_caller]
    pub fn create_future<T>(&self) -> Future<T> {
        Future::new()
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Future").field(&self.found()).finish()
    }
}
