//! The promise to set a future, which cannot be forgotten.

use super::Future;
use crate::error::{InvalidState, Reason};
use std::fmt;

/// The promise to set a [`Future`]: made by [`Future::promise`], kept once.
///
/// Dropped unkept – the thread panicked, a `return` came too early – it cancels the future, so that nobody waits for ever.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let (promise, future) = core_loop::Future::promise();
///     std::thread::spawn(move || promise.set_result("from a thread").unwrap());
///     assert_eq!(future.await.unwrap(), "from a thread");
///
///     let (broken, future) = core_loop::Future::<u32>::promise();
///     drop(broken);
///     assert!(future.await.is_err());
/// })
/// # }
/// ```
///
/// # Python
///
/// The side of an `asyncio.Future` that calls `loop.call_soon_threadsafe(future.set_result, result)`.
#[must_use = "dropping it cancels the future"]
pub struct Promise<T>(Future<T>);

impl<T> Promise<T> {
    pub(super) fn new(future: Future<T>) -> Self {
        Self(future)
    }

    /// Sets the output.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] with `output`, if the future was cancelled, or set through a handle, meanwhile.
    pub fn set_result(self, output: T) -> Result<(), InvalidState<T>> {
        self.0.set_result(output)
    }

    /// Cancels the future, for this reason. `false` if there is an outcome already.
    pub fn cancel(self, reason: impl Into<Reason>) -> bool {
        self.0.cancel(reason)
    }

    /// Whether the future was cancelled: nobody waits for the output any more.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl<T, E> Promise<Result<T, E>> {
    /// Sets an error as the output.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] with the error, if the future was cancelled, or set through a handle, meanwhile.
    pub fn set_exception(self, error: E) -> Result<(), InvalidState<E>> {
        self.0.set_exception(error)
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.0.end_cancelled("its promise was dropped before it was kept".into());
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Promise").field(&self.0).finish()
    }
}
