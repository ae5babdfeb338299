//! The step budget, asked from inside a critical section.

use std::task::{Context, Poll, Waker};

/// Takes one operation from the step budget; `false` when it is gone. Then the caller, once it has let go of its mutex,
/// answers with [`pass`].
///
/// [`contract::budget::spend`] wakes the task by itself, and a waker is foreign code: so it is shown one that does nothing.
#[inline]
pub(crate) fn spend() -> bool {
    contract::budget::spend(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// The task is ready to go on, but others come first.
pub(crate) fn pass<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}
