//! Where a scenario with primitives is played: by tasks of a loop, or by futures that are polled by hand.

use super::by_hand::{Hands, Puppet};
use super::form::{AnyBarrier, AnyBoundedSemaphore, AnyCondition, AnyEvent, AnyLock, AnyQueue, AnySemaphore};
use crate::Miss;
use crate::behaviour::{Verdict, ensure};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// Makes a primitive of an `A`; `None` if there is none of its kind.
type Maker<A, P> = Option<Box<dyn Fn(A) -> Rc<P>>>;

/// What makes the primitives.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) lock: Maker<(), dyn AnyLock>,
    pub(super) event: Maker<(), dyn AnyEvent>,
    pub(super) semaphore: Maker<usize, dyn AnySemaphore>,
    pub(super) queue: Maker<usize, dyn AnyQueue>,
    pub(super) lifo_queue: Maker<usize, dyn AnyQueue>,
    pub(super) priority_queue: Maker<usize, dyn AnyQueue>,
    pub(super) condition: Maker<(), dyn AnyCondition>,
    pub(super) bounded_semaphore: Maker<usize, dyn AnyBoundedSemaphore>,
    pub(super) barrier: Maker<usize, dyn AnyBarrier>,
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
        made(&self.parts.lock, (), "lock")
    }

    pub(super) fn event(&self) -> Result<Rc<dyn AnyEvent>, Miss> {
        made(&self.parts.event, (), "event")
    }

    pub(super) fn semaphore(&self, permits: usize) -> Result<Rc<dyn AnySemaphore>, Miss> {
        made(&self.parts.semaphore, permits, "semaphore")
    }

    /// Zero is no bound.
    pub(super) fn queue(&self, maxsize: usize) -> Result<Rc<dyn AnyQueue>, Miss> {
        made(&self.parts.queue, maxsize, "queue")
    }

    pub(super) fn lifo_queue(&self) -> Result<Rc<dyn AnyQueue>, Miss> {
        made(&self.parts.lifo_queue, 0, "stack")
    }

    pub(super) fn priority_queue(&self) -> Result<Rc<dyn AnyQueue>, Miss> {
        made(&self.parts.priority_queue, 0, "priority queue")
    }

    pub(super) fn condition(&self) -> Result<Rc<dyn AnyCondition>, Miss> {
        made(&self.parts.condition, (), "condition")
    }

    pub(super) fn bounded_semaphore(&self, bound: usize) -> Result<Rc<dyn AnyBoundedSemaphore>, Miss> {
        made(&self.parts.bounded_semaphore, bound, "bounded semaphore")
    }

    pub(super) fn barrier(&self, parties: usize) -> Result<Rc<dyn AnyBarrier>, Miss> {
        made(&self.parts.barrier, parties, "barrier")
    }

    pub(super) fn spawn(&self, part: impl Future<Output = ()> + 'static) -> Actor {
        Actor(match &self.hands {
            Some(hands) => Inner::Puppet(hands.spawn(Box::pin(part))),
            None => Inner::Task(core_loop::spawn(part)),
        })
    }
}

fn made<A, P: ?Sized>(make: &Maker<A, P>, of: A, name: &str) -> Result<Rc<P>, Miss> {
    let make = make.as_ref().ok_or_else(|| Miss::Skip(format!("there is no {name} in the set")))?;
    Ok(make(of))
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
