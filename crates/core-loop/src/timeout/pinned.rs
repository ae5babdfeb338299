//! The parts of a `Timeout`, of which only the future is pinned.
#![expect(unsafe_code, reason = "the future is pinned inside its `Timeout`")]

use super::{Stage, Timeout};
use crate::sleep::Sleep;
use std::pin::Pin;

pub(super) struct Parts<'a, F> {
    /// Emptied in place: the future is dropped where it is.
    pub(super) future: Pin<&'a mut Option<F>>,
    pub(super) sleep: &'a mut Sleep,
    pub(super) stage: &'a mut Stage,
}

impl<F> Timeout<F> {
    pub(super) fn parts(self: Pin<&mut Self>) -> Parts<'_, F> {
        // SAFETY: nothing is moved out of the reference here.
        let this = unsafe { self.get_unchecked_mut() };
        Parts {
            // SAFETY: `future` is pinned whenever its `Timeout` is: this is the only place that reaches it in a pinned
            // one, and it hands out a pinned reference. `Timeout` is `Unpin` only if `F` is, because it has no impl of its
            // own; it has no `Drop` that could move the future, and no packed layout.
            future: unsafe { Pin::new_unchecked(&mut this.future) },
            sleep: &mut this.sleep,
            stage: &mut this.stage,
        }
    }
}
