//! Where a scenario with primitives is played: by tasks of a loop, or by futures that are polled by hand.

use super::by_hand::{Hands, Puppet};
use super::form::{AnyEvent, AnyLock, AnyQueue, AnySemaphore};
use super::lacking;
use crate::Miss;
use crate::behaviour::{Verdict, ensure};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// What makes the primitives.
pub(super) struct Parts {
    pub(super) lock: Option<Box<dyn Fn() -> Rc<dyn AnyLock>>>,
    pub(super) event: Option<Box<dyn Fn() -> Rc<dyn AnyEvent>>>,
    pub(super) semaphore: Option<Box<dyn Fn(usize) -> Rc<dyn AnySemaphore>>>,
    pub(super) queue: Option<Box<dyn Fn(usize) -> Rc<dyn AnyQueue>>>,
}

pub(super) struct Stage {
    parts: Parts,
    /// `None`: the tasks of the loop that runs here.
    hands: Option<Hands>,
}

/// Somebody in a scenario.
pub(super) struct Actor(Inner);

enum Inner {
    Task(core_loop::Task<()>),
    Puppet(Puppet),
}

impl Stage {
    pub(super) fn on_a_loop(parts: Parts) -> Self {
        Self { parts, hands: None }
    }

    pub(super) fn by_hand(parts: Parts, hands: Hands) -> Self {
        Self { parts, hands: Some(hands) }
    }

    pub(super) fn lock(&self) -> Result<Rc<dyn AnyLock>, Miss> {
        self.parts.lock.as_ref().map(|make| make()).ok_or_else(|| lacking("lock"))
    }

    pub(super) fn event(&self) -> Result<Rc<dyn AnyEvent>, Miss> {
        self.parts.event.as_ref().map(|make| make()).ok_or_else(|| lacking("event"))
    }

    pub(super) fn semaphore(&self, permits: usize) -> Result<Rc<dyn AnySemaphore>, Miss> {
        self.parts.semaphore.as_ref().map(|make| make(permits)).ok_or_else(|| lacking("semaphore"))
    }

    /// Zero is no bound.
    pub(super) fn queue(&self, maxsize: usize) -> Result<Rc<dyn AnyQueue>, Miss> {
        self.parts.queue.as_ref().map(|make| make(maxsize)).ok_or_else(|| lacking("queue"))
    }

    pub(super) fn spawn(&self, part: impl Future<Output = ()> + 'static) -> Actor {
        Actor(match &self.hands {
            Some(hands) => Inner::Puppet(hands.spawn(Box::pin(part))),
            None => Inner::Task(core_loop::spawn(part)),
        })
    }
}

impl Actor {
    pub(super) fn cancel(&self) {
        match &self.0 {
            Inner::Task(task) => {
                task.cancel("not needed");
            }
            Inner::Puppet(puppet) => puppet.cancel(),
        }
    }

    pub(super) fn done(&self) -> bool {
        match &self.0 {
            Inner::Task(task) => task.done(),
            Inner::Puppet(puppet) => puppet.done(),
        }
    }

    /// Waits until it has come to its own end.
    pub(super) async fn ended(self) -> Verdict {
        match self.0 {
            Inner::Task(task) => Ok(task.await?),
            Inner::Puppet(puppet) => {
                ensure(poll_fn(|cx| puppet.poll_end(cx)).await, "it was cancelled before its end")
            }
        }
    }
}

/// Gives up `count` turns.
pub(super) async fn turns(count: usize) {
    for _ in 0..count {
        let mut given_up = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut given_up, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
