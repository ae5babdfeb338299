//! What tasks share: futures, and primitives of asyncio's kind.

use super::guards::Life;
use super::ledger::{Kind, Ledger};
use super::play::{Tracked, World, span};
use super::program::Pause;
use core_loop::{JoinError, spawn, timeout};
use std::cell::Cell;
use std::rc::Rc;
use sync_primitives::{Event, Lock, Queue, Semaphore};

const PERMITS: usize = 2;

pub(super) struct Shared {
    lock: Lock<()>,
    semaphore: Semaphore,
    event: Event,
    queue: Queue<u32>,
    /// How many are inside the lock, and the semaphore.
    inside: [Cell<usize>; 2],
    /// How many items went in and came out; each is the number of its put.
    put: Cell<u32>,
    got: Cell<u32>,
    taken: Cell<u32>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            lock: Lock::new(()),
            semaphore: Semaphore::new(PERMITS),
            event: Event::new(),
            queue: Queue::bounded(2),
            inside: Default::default(),
            put: Cell::default(),
            got: Cell::default(),
            taken: Cell::default(),
        }
    }

    /// Nobody is left inside, and no item is lost.
    pub(super) fn check(&self, ledger: &Ledger) {
        let queued = u32::try_from(self.queue.qsize()).expect("there are two places");
        ledger.must(self.put.get() == self.got.get() + queued, || {
            format!("{} items put, {} got, {queued} left", self.put.get(), self.got.get())
        });
        ledger.must(!self.lock.locked(), || "nobody has the lock, and it is locked".to_owned());
        let free = self.semaphore.available();
        ledger.must(free == PERMITS, || format!("{free} permits are left"));
    }
}

/// Counts who is inside.
struct Inside<'a>(&'a Cell<usize>);

impl<'a> Inside<'a> {
    fn new(ledger: &Ledger, counter: &'a Cell<usize>, most: usize) -> Self {
        counter.set(counter.get() + 1);
        ledger.must(counter.get() <= most, || format!("{} are inside, where {most} may be", counter.get()));
        Self(counter)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl World {
    pub(super) async fn lock(&self, pause: Pause) {
        let _guard = self.shared.lock.lock().await;
        let _inside = Inside::new(&self.ledger, &self.shared.inside[0], 1);
        pause.pass().await;
    }

    pub(super) async fn semaphore(&self, pause: Pause) {
        let _permit = self.shared.semaphore.acquire().await;
        let _inside = Inside::new(&self.ledger, &self.shared.inside[1], PERMITS);
        pause.pass().await;
    }

    /// An item counts as put only if its put says so; a put that is dropped has put nothing.
    pub(super) async fn put(&self, ms: u32) {
        let item = self.shared.taken.replace(self.shared.taken.get() + 1);
        let putting = async {
            let outcome = self.shared.queue.put(item).await;
            self.shared.put.set(self.shared.put.get() + u32::from(outcome.is_ok()));
        };
        let _late = timeout(span(ms), putting).await;
    }

    pub(super) async fn get(&self, ms: u32) {
        let getting = async {
            let outcome = self.shared.queue.get().await;
            self.shared.got.set(self.shared.got.get() + u32::from(outcome.is_ok()));
        };
        let outcome = timeout(span(ms), getting).await;
        self.ledger.saw(if outcome.is_ok() { "items" } else { "no items" });
    }

    pub(super) async fn set(&self, on: bool) {
        if on { self.shared.event.set() } else { self.shared.event.clear() }
    }

    pub(super) async fn await_set(&self, ms: u32) {
        let _late = timeout(span(ms), self.shared.event.wait()).await;
    }

    /// A promise that a task keeps, or breaks; each of those who await it sees the same.
    pub(super) async fn promise(self: &Rc<Self>, kept: bool, after: Pause, awaiters: u32) {
        const ANSWER: u32 = 42;
        let (promise, future) = core_loop::Future::promise();
        let task = || self.ledger.begin(Kind::Task, None, None);
        let (world, set) = (self.clone(), future.clone());
        let setting = async move {
            after.pass().await;
            if kept {
                let late = set.done();
                let refused = promise.set_result(ANSWER).is_err();
                world
                    .ledger
                    .must(refused == late, || format!("set a future, which was done: {late}; {refused}"));
            } else {
                drop(promise);
            }
            world.ledger.must(set.done(), || "a future was set, and is not done".to_owned());
            true
        };
        detach(task(), setting);
        let seen = |future: core_loop::Future<u32>, world: Rc<Self>| async move {
            let outcome = future.clone().await;
            let well = match (&outcome, future.result()) {
                (Ok(answer), Ok(result)) => kept && *answer == ANSWER && *result == ANSWER,
                (Err(JoinError::Cancelled(_)), Err(_)) => future.cancelled(),
                _ => false,
            };
            world.ledger.saw(if outcome.is_ok() { "promises kept" } else { "promises broken" });
            world.ledger.must(well, || format!("a future that was kept: {kept} gave {outcome:?}"));
            true
        };
        for _ in 0..awaiters {
            detach(task(), seen(future.clone(), self.clone()));
        }
        seen(future, self.clone()).await;
    }
}

fn detach(life: Life, future: impl Future<Output = bool> + 'static) {
    spawn(Tracked::new(life, future)).detach();
}
