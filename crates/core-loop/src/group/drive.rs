//! From the body's first poll to the end of the last child.

use super::GroupError;
use super::state::{End, State};
use crate::clean_up::Pending;
use crate::current::Loop;
use crate::error::{Cancelled, Reason};
use crate::exception;
use crate::task::{Asking, Registration};
use contract::Panic;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// What comes of a group: a cancel only if the body is one that is asked.
pub(super) type Ended<T, E> = Result<Result<T, GroupError<E>>, Cancelled>;

/// Runs `body` beside the children. When one of them fails the body is asked to end, through `asking`; without that it is
/// dropped. Ends when all have ended, clean-ups and all.
pub(super) async fn drive<T, E, B>(state: &State<'_, E>, asking: Option<Rc<Asking>>, body: B) -> Ended<T, E>
where
    B: Future<Output = Result<Result<T, E>, Cancelled>>,
{
    state.hand_body(asking.clone());
    let mut group = Driven { state, asking: asking.as_deref(), output: None, interrupted: None, place: None };
    let mut body = pin!(Some(body));
    let mut clean_ups = Pending::default();
    poll_fn(|cx| {
        state.settle(cx);
        if group.asking.is_some() || !state.has_failed() {
            group.step(body.as_mut(), cx);
        }
        if state.has_failed() {
            state.shut_down(&"the body of its group failed".into());
            if group.asking.is_none() && body.is_some() {
                clean_ups = drop_cancelled(&"somebody in its group failed".into(), || body.set(None));
            }
        }
        if body.is_none() {
            group.take_requests(cx);
        }
        let clean = clean_ups.poll(cx).is_ready();
        if clean && body.is_none() && state.len() == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    group.end()
}

/// Drives a group whose body is dropped when somebody fails.
pub(super) async fn drive_dropping<T, E>(
    state: &State<'_, E>,
    body: impl AsyncFnOnce() -> Result<T, E>,
) -> Result<T, GroupError<E>> {
    match drive(state, None, async { Ok(body().await) }).await {
        Ok(ended) => ended,
        Err(_) => unreachable!("only a body that is asked passes a cancel on"),
    }
}

/// Dropped before its end, it gives back the request that its body had passed on: nobody else has heard of it.
struct Driven<'a, 'env, T, E> {
    state: &'a State<'env, E>,
    /// Of a body that is asked.
    asking: Option<&'a Asking>,
    /// What the body gave.
    output: Option<T>,
    /// The body passed a request on, or one came after it.
    interrupted: Option<Cancelled>,
    /// After such a body: the group itself takes what its task is asked.
    place: Option<Registration>,
}

impl<T, E> Driven<'_, '_, T, E> {
    /// Polls the body, unless it is over.
    fn step<B>(&mut self, mut body: Pin<&mut Option<B>>, cx: &mut Context<'_>)
    where
        B: Future<Output = Result<Result<T, E>, Cancelled>>,
    {
        let Some(running) = body.as_mut().as_pin_mut() else { return };
        let poll = || match self.asking {
            Some(asking) => asking.poll(|| running.poll(cx)),
            None => running.poll(cx),
        };
        // Its panic goes on when the children have ended, as their own do.
        let polled = Panic::catch(poll);
        if matches!(polled, Ok(Poll::Pending)) {
            return;
        }
        // Nobody is left to be asked; what it has not heard is not for the place that comes after it.
        self.state.hand_body(None);
        self.asking.into_iter().for_each(Asking::close);
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(Ok(Ok(value)))) => self.output = Some(value),
            Ok(Poll::Ready(Ok(Err(error)))) => self.state.note(End::Failed(error)),
            Ok(Poll::Ready(Err(cancelled))) => self.interrupt(cancelled),
            Err(panic) => self.state.note(End::Panicked(panic)),
        }
        exception::shielded("a destructor panicked", || body.set(None));
    }

    fn interrupt(&mut self, cancelled: Cancelled) {
        self.state.shut_down(cancelled.reason());
        self.interrupted.get_or_insert(cancelled);
    }

    /// A cancel that comes while the group waits for its children ends them.
    fn take_requests(&mut self, cx: &mut Context<'_>) {
        let Some(asking) = self.asking else { return };
        while let Some(reason) = self.place.get_or_insert_with(|| asking.place(cx.waker())).poll(cx) {
            self.interrupt(reason.into());
        }
    }

    /// Errors come before a cancel, which then is asked for again: it interrupts whoever got the errors.
    fn end(mut self) -> Ended<T, E> {
        // Nobody takes a request here any more. Had the group been dropped, it would go back.
        self.place.take().into_iter().for_each(Registration::deliver);
        let interrupted = self.interrupted.take();
        if let Some(asking) = self.asking
            && self.state.has_failed()
        {
            asking.ask_again();
        }
        match (self.state.end().into_error(), interrupted, self.output.take()) {
            (Some(error), ..) => Ok(Err(error)),
            (None, Some(cancelled), _) => Err(cancelled),
            (None, None, Some(output)) => Ok(Ok(output)),
            (None, None, None) => unreachable!("a body that gave nothing has failed, or ended for a failure"),
        }
    }
}

impl<T, E> Drop for Driven<'_, '_, T, E> {
    fn drop(&mut self) {
        if let Some(asking) = self.asking
            && self.interrupted.take().is_some()
        {
            asking.ask_again();
        }
    }
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
