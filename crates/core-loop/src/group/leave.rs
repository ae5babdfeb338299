//! A group that is dropped before its end: it is left as a clean-up, which ends its children.

use super::state::{Stage, State};
use crate::clean_up::register;
use crate::current::Loop;
use crate::error::Reason;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Sits beside the body. Dropped with the group unfinished, hands the children over to the current task's clean-ups.
pub(super) struct Owner<E: 'static>(pub(super) Rc<State<'static, E>>);

impl<E> Drop for Owner<E> {
    fn drop(&mut self) {
        let state = &self.0;
        // It went before this.
        state.hand_body(None);
        if state.stage() == Stage::Ended {
            return;
        }
        if state.len() == 0 {
            return state.end_unheard();
        }
        let reason = Loop::try_current().and_then(|lp| lp.inner().cancelling.borrow().clone());
        let reason = reason.unwrap_or_else(|| "its group was dropped".into());
        register(Box::pin(Leave { state: state.clone(), reason }));
    }
}

/// Cancels the children when its turn comes – the clean-ups of the body, and of inner groups, come before – and waits for
/// them. Dropped itself, it still cancels them.
struct Leave<E: 'static> {
    state: Rc<State<'static, E>>,
    reason: Reason,
}

impl<E> Future for Leave<E> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let state = &self.state;
        state.shut_down(&self.reason);
        state.settle(cx);
        if state.len() > 0 {
            return Poll::Pending;
        }
        state.end_unheard();
        Poll::Ready(())
    }
}

impl<E> Drop for Leave<E> {
    fn drop(&mut self) {
        self.state.shut_down(&self.reason);
    }
}
