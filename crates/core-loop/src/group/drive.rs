//! From the body's first poll to the end of the last child.

use super::GroupError;
use super::state::{End, State};
use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::Reason;
use crate::exception;
use contract::Panic;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Runs `body` beside the children; drops it when one of them fails. Ends when all have ended, clean-ups and all.
pub(super) async fn drive<T, E, B>(state: &State<'_, E>, body: B) -> Result<T, GroupError<E>>
where
    B: Future<Output = Result<T, E>>,
{
    let mut body = pin!(Some(body));
    let mut output = None;
    let mut clean_ups = Pending::default();
    poll_fn(|cx| {
        state.settle(cx);
        if !state.has_failed() {
            step(state, body.as_mut(), &mut output, cx);
        }
        if state.has_failed() {
            state.shut_down(&"the body of its group failed".into());
            if body.is_some() {
                clean_ups = drop_cancelled(&"somebody in its group failed".into(), || body.set(None));
            }
        }
        let clean = clean_ups.poll(cx).is_ready();
        if clean && body.is_none() && state.len() == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    match (state.end().into_error(), output) {
        (None, Some(output)) => Ok(output),
        (Some(error), _) => Err(error),
        (None, None) => unreachable!("a body that gave no output has failed, or was dropped for a failure"),
    }
}

/// Polls the body, unless it is over.
fn step<T, E, B>(
    state: &State<'_, E>,
    mut body: Pin<&mut Option<B>>,
    output: &mut Option<T>,
    cx: &mut Context<'_>,
) where
    B: Future<Output = Result<T, E>>,
{
    let Some(running) = body.as_mut().as_pin_mut() else { return };
    // Its panic goes on when the children have ended, as their own do.
    let end = match Panic::catch(|| running.poll(cx)) {
        Ok(Poll::Pending) => return,
        Ok(Poll::Ready(Ok(value))) => {
            *output = Some(value);
            End::Well
        }
        Ok(Poll::Ready(Err(error))) => End::Failed(error),
        Err(panic) => End::Panicked(panic),
    };
    state.note(end);
    exception::shielded("a destructor panicked", || body.set(None));
}

/// Runs `drop` because of a cancel. Gives the clean-ups that this left behind; a destructor's panic is reported, as a task's.
#[cold]
pub(super) fn drop_cancelled(reason: &Reason, drop: impl FnOnce()) -> Pending {
    let shielded = || exception::shielded("a destructor panicked", drop);
    match Loop::try_current() {
        Some(lp) => Pending::of(&lp, || lp.drop_cancelled(reason, shielded)),
        None => {
            shielded();
            Pending::default()
        }
    }
}
