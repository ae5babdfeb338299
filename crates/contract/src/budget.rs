//! The step budget: a task that never has to wait still lets others run.
//!
//! The loop calls [`enter_step`] before each poll of a task. Everything of ours that can be ready at once (a lock, a
//! queue, a socket) calls [`spend`] before it is; when the budget is gone, `spend` wakes the task and says `Pending`, so
//! that the task yields once and comes back with a new budget. Off our loops nobody opens steps: there the budget starts
//! anew each time it runs out, which comes to the same.

use std::cell::Cell;
use std::task::{Context, Poll};

/// How many ready operations a task may do in one step.
pub const STEP: u32 = 128;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(STEP) };
}

/// Opens a step: for event loops, before each poll of a task.
#[inline]
pub fn enter_step() {
    LEFT.set(STEP);
}

/// Takes one operation from the budget; call it before the operation takes effect.
///
/// `Pending` when the budget is gone: the task has been woken already, and the caller must return `Pending` as well.
#[inline]
pub fn spend(cx: &mut Context<'_>) -> Poll<()> {
    match LEFT.get() {
        0 => {
            LEFT.set(STEP);
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        left => {
            LEFT.set(left - 1);
            Poll::Ready(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{STEP, enter_step, spend};
    use std::task::{Context, Poll, Waker};

    #[test]
    fn a_step_ends_after_its_budget_and_the_next_has_a_new_one() {
        let cx = &mut Context::from_waker(Waker::noop());
        enter_step();
        for _ in 0..2 {
            assert!((0..STEP).all(|_| spend(cx).is_ready()));
            assert_eq!(spend(cx), Poll::Pending);
        }
    }
}
