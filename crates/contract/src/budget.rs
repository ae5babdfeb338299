//! The step budget: a task that never has to wait still lets others run.
//!
//! The loop calls [`enter_step`] before each step of a task. Everything of ours that can be ready at once (a lock, a
//! queue, a socket) calls [`spend`] before it is; when the budget is gone, `spend` wakes the task and says `Pending`, so
//! that the task yields once and comes back with a new budget. Off our loops nobody opens steps: there the budget starts
//! anew each time it runs out, which comes to the same.

use std::cell::Cell;
use std::task::{Context, Poll};

/// How many ready operations a task may do in one step.
pub const STEP: u32 = 128;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(STEP) };
    /// Whether it ran out since the nested step began.
    static RAN_OUT: Cell<bool> = const { Cell::new(false) };
}

/// Opens a step: for event loops, before each step of a task.
#[inline]
pub fn enter_step() {
    LEFT.set(STEP);
}

/// Runs the first step of a task inside the step of another, for event loops whose tasks may begin so: it draws on the budget
/// of that one, which comes out of it with no more than it had.
pub fn nested<T>(step: impl FnOnce() -> T) -> T {
    let (before, outer) = (LEFT.get(), RAN_OUT.replace(false));
    let output = step();
    // If it ran out inside, the step around it is over as well, at its next operation.
    LEFT.set(if RAN_OUT.replace(outer) { 0 } else { LEFT.get().min(before) });
    output
}

/// Takes one operation from the budget; call it before the operation takes effect.
///
/// `Pending` when the budget is gone: the task has been woken already, and the caller must return `Pending` as well.
#[inline]
pub fn spend(cx: &mut Context<'_>) -> Poll<()> {
    match LEFT.get() {
        0 => {
            LEFT.set(STEP);
            RAN_OUT.set(true);
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
    use super::{STEP, enter_step, nested, spend};
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

    #[test]
    fn a_nested_step_draws_on_the_budget_of_the_one_around_it() {
        let cx = &mut Context::from_waker(Waker::noop());
        enter_step();
        assert!(nested(|| (1..STEP).all(|_| spend(cx).is_ready())));
        assert!(spend(cx).is_ready());
        assert_eq!(spend(cx), Poll::Pending);
        enter_step();
        assert!(!nested(|| (0..=STEP).all(|_| spend(cx).is_ready())), "it runs out inside");
        assert_eq!(spend(cx), Poll::Pending, "and with it outside");
        assert!(spend(cx).is_ready());
        enter_step();
        nested(|| nested(|| ()));
        assert!((0..STEP).all(|_| spend(cx).is_ready()), "a nested step that does nothing takes nothing");
    }
}
