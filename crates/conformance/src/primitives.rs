//! The behaviours of synchronisation primitives, an area a file.

use crate::behaviour::{Behaviour, Kind, Verdict, ensure};
use crate::catalogue::registry;
use crate::{Subject, loops};
use contract::{Driver, Unavailable};
use std::fmt;
use std::rc::Rc;
use sync_primitives::{
    Barrier, BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore, local,
};

mod barrier;
mod by_hand;
mod condition;
mod event;
mod form;
mod lock;
mod queue;
mod semaphore;
mod stage;

pub use form::{
    AnyBarrier, AnyBoundedSemaphore, AnyCondition, AnyEvent, AnyLock, AnyQueue, AnySemaphore, AnyTurn, Held,
    LocalFuture,
};
use stage::{Parts, Stage};

/// The kind of subject that is a set of synchronisation primitives.
#[derive(Debug, Clone, Copy)]
pub enum Primitives {}

crate::primitive_behaviours!(registry, Primitives);

impl Kind for Primitives {
    type Made = Kit;
    const NAME: &'static str = "primitive";

    fn behaviours() -> &'static [Behaviour<Self>] {
        BEHAVIOURS
    }
}

/// A set of primitives, and where those who use them run: by hand, without any runtime, unless [`on`](Self::on) says
/// otherwise. Behaviours of a primitive that is not in the set are skipped.
#[derive(Default)]
pub struct Kit {
    driver: Option<Box<dyn Driver>>,
    parts: Parts,
}

impl Kit {
    /// No primitive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of `sync-primitives`.
    #[must_use]
    pub fn ours() -> Self {
        Self::new()
            .lock(|| Lock::new(()))
            .event(Event::new)
            .semaphore(Semaphore::new)
            .queue(Queue::<u32>::bounded)
            .lifo_queue(LifoQueue::<u32>::bounded)
            .priority_queue(PriorityQueue::<u32>::bounded)
            .condition(|| (Lock::new(()), Condition::new()))
            .bounded_semaphore(BoundedSemaphore::new)
            .barrier(Barrier::new)
    }

    /// Those of `sync-primitives` that stay on their thread.
    #[must_use]
    pub fn local() -> Self {
        Self::new()
            .lock(|| local::Lock::new(()))
            .event(local::Event::new)
            .semaphore(local::Semaphore::new)
            .queue(local::Queue::<u32>::bounded)
            .lifo_queue(local::LifoQueue::<u32>::bounded)
            .priority_queue(local::PriorityQueue::<u32>::bounded)
    }

    /// With the lock that `make` makes.
    #[must_use]
    pub fn lock<L: AnyLock + 'static>(mut self, make: impl Fn() -> L + 'static) -> Self {
        self.parts.lock = Some(Box::new(move |()| Rc::new(make())));
        self
    }

    /// With the event that `make` makes.
    #[must_use]
    pub fn event<E: AnyEvent + 'static>(mut self, make: impl Fn() -> E + 'static) -> Self {
        self.parts.event = Some(Box::new(move |()| Rc::new(make())));
        self
    }

    /// With the semaphore that `make` makes of a number of permits.
    #[must_use]
    pub fn semaphore<S: AnySemaphore + 'static>(mut self, make: impl Fn(usize) -> S + 'static) -> Self {
        self.parts.semaphore = Some(Box::new(move |permits| Rc::new(make(permits))));
        self
    }

    /// With the queue that `make` makes of a bound; zero is none.
    #[must_use]
    pub fn queue<Q: AnyQueue + 'static>(mut self, make: impl Fn(usize) -> Q + 'static) -> Self {
        self.parts.queue = Some(Box::new(move |maxsize| Rc::new(make(maxsize))));
        self
    }

    /// With the queue, last in first out, that `make` makes of a bound; zero is none.
    #[must_use]
    pub fn lifo_queue<Q: AnyQueue + 'static>(mut self, make: impl Fn(usize) -> Q + 'static) -> Self {
        self.parts.lifo_queue = Some(Box::new(move |maxsize| Rc::new(make(maxsize))));
        self
    }

    /// With the queue, lowest first, that `make` makes of a bound; zero is none.
    #[must_use]
    pub fn priority_queue<Q: AnyQueue + 'static>(mut self, make: impl Fn(usize) -> Q + 'static) -> Self {
        self.parts.priority_queue = Some(Box::new(move |maxsize| Rc::new(make(maxsize))));
        self
    }

    /// With the condition, and the lock to it, that `make` makes.
    #[must_use]
    pub fn condition<C: AnyCondition + 'static>(mut self, make: impl Fn() -> C + 'static) -> Self {
        self.parts.condition = Some(Box::new(move |()| Rc::new(make())));
        self
    }

    /// With the bounded semaphore that `make` makes of a number of permits.
    #[must_use]
    pub fn bounded_semaphore<S: AnyBoundedSemaphore + 'static>(
        mut self,
        make: impl Fn(usize) -> S + 'static,
    ) -> Self {
        self.parts.bounded_semaphore = Some(Box::new(move |bound| Rc::new(make(bound))));
        self
    }

    /// With the barrier that `make` makes of a number of parties.
    #[must_use]
    pub fn barrier<B: AnyBarrier + 'static>(mut self, make: impl Fn(usize) -> B + 'static) -> Self {
        self.parts.barrier = Some(Box::new(move |parties| Rc::new(make(parties))));
        self
    }

    /// Those who use them are tasks of a loop that `driver` carries.
    #[must_use]
    pub fn on(mut self, driver: impl Driver + 'static) -> Self {
        self.driver = Some(Box::new(driver));
        self
    }
}

impl Subject<Primitives> {
    /// A set of primitives, fresh for each behaviour.
    pub fn primitives(
        name: impl Into<String>,
        make: impl Fn() -> Result<Kit, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, make)
    }

    /// Those of `sync-primitives`, between tasks of a loop that is carried by the driver that `make` makes.
    pub fn primitives_on<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, move || Ok(Kit::ours().on(make()?)))
    }

    /// Plays `scene` with a fresh set of primitives.
    fn play(&self, scene: impl AsyncFnOnce(&Stage) -> Verdict) -> Verdict {
        let Kit { driver, parts } = self.fresh()?;
        match driver {
            Some(driver) => {
                let stage = Stage::on_a_loop(parts);
                loops::run(driver, async || scene(&stage).await)
            }
            None => {
                let hands = by_hand::Hands::new();
                let stage = Stage::by_hand(parts, hands.clone());
                hands.run(scene(&stage)).unwrap_or_else(|| {
                    let why = "everybody waits, and there is nobody left who could wake them";
                    ensure(false, why)
                })
            }
        }
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").field("by_hand", &self.driver.is_none()).finish_non_exhaustive()
    }
}
