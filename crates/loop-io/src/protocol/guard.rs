//! How every protocol is called: one that panics is reported, and nobody else notices.

use contract::Panic;
use core_loop::{ExceptionContext, Loop};

/// Calls `function`, which is `what` of the protocol of `whom`.
///
/// # Errors
///
/// Its panic, which has been told to the exception handler. What ends with it is the caller's business.
pub(crate) fn guarded<T>(
    what: &str,
    whom: impl FnOnce() -> String,
    function: impl FnOnce() -> T,
) -> Result<T, Panic> {
    Panic::catch(function).inspect_err(|panic| {
        report(&ExceptionContext::panicked(format!("{what} of {}: a protocol panicked", whom()), panic));
    })
}

/// Tells the exception handler, if there still is one.
pub(crate) fn report(context: &ExceptionContext<'_>) {
    if let Some(lp) = Loop::try_current() {
        lp.call_exception_handler(context);
    }
}
