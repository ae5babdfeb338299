//! The blocking forms: [`contract::block_on`], without its allocation when there is nothing to wait for.

use contract::role::{self, Role};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Blocks this thread until `future` is ready. Panics on the thread of an event loop, also if it is ready at once: a
/// mistake that shows only under contention is worse.
#[track_caller]
pub(crate) fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    match attempt(&mut future) {
        Poll::Ready(output) => output,
        Poll::Pending => contract::block_on(future),
    }
}

/// [`block_on`] for at most `timeout`; then `None`.
#[track_caller]
pub(crate) fn block_on_timeout<F: Future + Unpin>(future: &mut F, timeout: Duration) -> Option<F::Output> {
    match attempt(future) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => contract::block_on_timeout(future, timeout),
    }
}

fn attempt<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    // On a loop's thread nothing is tried: `contract` panics there, and names the cure.
    if matches!(role::current(), Role::Loop) {
        return Poll::Pending;
    }
    // A wake that comes before the next poll is not lost: that poll looks again.
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
