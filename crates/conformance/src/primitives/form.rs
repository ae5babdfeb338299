//! The one form in which primitives are tried, and those of `sync-primitives` in that form.

use std::fmt;
use std::pin::Pin;
use sync_primitives::{
    Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, GetError, Lock, LockGuard, Order,
    Permit, PutError, QueueOf, QueueShutDown, ReleaseError, Semaphore, TaskDoneError,
};

/// A future that stays on its thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A lock, or a permit, that is held: whatever gives it back when it is dropped.
pub struct Held<'a>(#[expect(dead_code, reason = "it is only dropped")] Box<dyn Anything + 'a>);

trait Anything {}

impl<T> Anything for T {}

impl<'a> Held<'a> {
    /// Dropping `guard` gives it back.
    pub fn new(guard: impl Sized + 'a) -> Self {
        Self(Box::new(guard))
    }

    /// Never gives it back.
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

/// A lock, as [`Lock`] is one.
pub trait AnyLock {
    /// Waits for it.
    fn lock(&self) -> LocalFuture<'_, Held<'_>>;
    /// It, if it is free and nobody is in line.
    fn try_lock(&self) -> Option<Held<'_>>;
}

/// A condition with the lock that it is used with, as [`Condition`] and [`Lock`] are.
pub trait AnyCondition {
    /// Waits for the lock.
    fn lock(&self) -> LocalFuture<'_, Box<dyn AnyTurn<'_> + '_>>;
    /// Whether the lock cannot be had at once.
    fn locked(&self) -> bool;
    /// Notifies so many.
    fn notify(&self, count: usize);
    /// Notifies all.
    fn notify_all(&self);
}

/// The turn of whoever has the lock of a condition.
pub trait AnyTurn<'a> {
    /// Gives the lock up, waits for a notification, and takes the lock again.
    fn wait(self: Box<Self>) -> LocalFuture<'a, Box<dyn AnyTurn<'a> + 'a>>;
    /// Waits until `predicate` holds.
    fn wait_for(
        self: Box<Self>,
        predicate: Box<dyn FnMut() -> bool + 'a>,
    ) -> LocalFuture<'a, Box<dyn AnyTurn<'a> + 'a>>;
    /// Waits for a notification or for `stop`, and takes the lock in either case; `false` if it was stopped.
    fn wait_unless(
        self: Box<Self>,
        stop: LocalFuture<'a, ()>,
    ) -> LocalFuture<'a, (Box<dyn AnyTurn<'a> + 'a>, bool)>;
}

/// A barrier, as [`Barrier`] is one.
pub trait AnyBarrier {
    /// Arrives, and waits until all have.
    fn wait(&self) -> LocalFuture<'_, Result<usize, BrokenBarrierError>>;
    /// Breaks up the round.
    fn reset(&self);
    /// Breaks the barrier.
    fn abort(&self);
    /// Whether it is broken.
    fn broken(&self) -> bool;
    /// How many wait in this round.
    fn n_waiting(&self) -> usize;
}

/// A semaphore that knows how many permits there are, as [`BoundedSemaphore`] is one.
pub trait AnyBoundedSemaphore {
    /// Takes a permit that no guard will bring back; `false` if there is none.
    fn take(&self) -> bool;
    /// Brings a permit back that was taken so.
    #[expect(clippy::missing_errors_doc, reason = "as the semaphore that it stands for")]
    fn release(&self) -> Result<(), ReleaseError>;
    /// How many are neither held nor promised.
    fn available(&self) -> usize;
}

/// A flag that many wait for, as [`Event`] is one.
pub trait AnyEvent {
    /// Waits until it is set.
    fn wait(&self) -> LocalFuture<'_, ()>;
    /// Sets it, and releases all who wait.
    fn set(&self);
    /// Clears it.
    fn clear(&self);
    /// Whether it is set.
    fn is_set(&self) -> bool;
}

/// A number of permits, as [`Semaphore`] is one.
pub trait AnySemaphore {
    /// Waits for a permit.
    fn acquire(&self) -> LocalFuture<'_, Held<'_>>;
    /// A permit, if there is one and nobody is in line.
    fn try_acquire(&self) -> Option<Held<'_>>;
    /// Adds a permit.
    fn release(&self);
    /// Whether there is none to be had at once.
    fn locked(&self) -> bool;
    /// How many are neither held nor promised.
    fn available(&self) -> usize;
}

/// A queue of numbers, as [`sync_primitives::Queue`] is one; it says no in the words of that.
pub trait AnyQueue {
    /// Puts `item` in, after waiting for a place.
    fn put(&self, item: u32) -> LocalFuture<'_, Result<(), QueueShutDown<u32>>>;
    /// Takes the next item, after waiting for it.
    fn get(&self) -> LocalFuture<'_, Result<u32, QueueShutDown>>;
    /// Puts `item` in, if there is a place.
    #[expect(clippy::missing_errors_doc, reason = "as the queue that it stands for")]
    fn put_nowait(&self, item: u32) -> Result<(), PutError<u32>>;
    /// Takes the next item, if there is one.
    #[expect(clippy::missing_errors_doc, reason = "as the queue that it stands for")]
    fn get_nowait(&self) -> Result<u32, GetError>;
    /// How many items there are.
    fn qsize(&self) -> usize;
    /// Marks an item done.
    #[expect(clippy::missing_errors_doc, reason = "as the queue that it stands for")]
    fn task_done(&self) -> Result<(), TaskDoneError>;
    /// Waits until all items are done.
    fn join(&self) -> LocalFuture<'_, ()>;
    /// Ends it; what it gives back of its items, if at once.
    fn shutdown(&self, immediate: bool) -> Vec<u32>;
}

impl AnyLock for Lock<()> {
    fn lock(&self) -> LocalFuture<'_, Held<'_>> {
        Box::pin(async { Held::new(self.lock().await) })
    }

    fn try_lock(&self) -> Option<Held<'_>> {
        self.try_lock().map(Held::new)
    }
}

impl AnyEvent for Event {
    fn wait(&self) -> LocalFuture<'_, ()> {
        Box::pin(self.wait())
    }

    fn set(&self) {
        self.set();
    }

    fn clear(&self) {
        self.clear();
    }

    fn is_set(&self) -> bool {
        self.is_set()
    }
}

impl AnySemaphore for Semaphore {
    fn acquire(&self) -> LocalFuture<'_, Held<'_>> {
        Box::pin(async { Held::new(self.acquire().await) })
    }

    fn try_acquire(&self) -> Option<Held<'_>> {
        self.try_acquire().map(Held::new)
    }

    fn release(&self) {
        self.release();
    }

    fn locked(&self) -> bool {
        self.locked()
    }

    fn available(&self) -> usize {
        self.available()
    }
}

impl AnyCondition for (Lock<()>, Condition) {
    fn lock(&self) -> LocalFuture<'_, Box<dyn AnyTurn<'_> + '_>> {
        Box::pin(async { turn(self.0.lock().await, &self.1) })
    }

    fn locked(&self) -> bool {
        self.0.locked()
    }

    fn notify(&self, count: usize) {
        self.1.notify(count);
    }

    fn notify_all(&self) {
        self.1.notify_all();
    }
}

struct Turn<'a> {
    guard: LockGuard<'a, ()>,
    condition: &'a Condition,
}

fn turn<'a>(guard: LockGuard<'a, ()>, condition: &'a Condition) -> Box<dyn AnyTurn<'a> + 'a> {
    Box::new(Turn { guard, condition })
}

impl<'a> AnyTurn<'a> for Turn<'a> {
    fn wait(self: Box<Self>) -> LocalFuture<'a, Box<dyn AnyTurn<'a> + 'a>> {
        Box::pin(async move { turn(self.condition.wait(self.guard).await, self.condition) })
    }

    fn wait_for(
        self: Box<Self>,
        mut predicate: Box<dyn FnMut() -> bool + 'a>,
    ) -> LocalFuture<'a, Box<dyn AnyTurn<'a> + 'a>> {
        let Turn { guard, condition } = *self;
        let wait = condition.wait_for(guard, move |()| predicate());
        Box::pin(async move { turn(wait.await, condition) })
    }

    fn wait_unless(
        self: Box<Self>,
        stop: LocalFuture<'a, ()>,
    ) -> LocalFuture<'a, (Box<dyn AnyTurn<'a> + 'a>, bool)> {
        Box::pin(async move {
            let (guard, waited) = self.condition.wait(self.guard).unless(stop).await;
            (turn(guard, self.condition), waited.is_ok())
        })
    }
}

impl AnyBarrier for Barrier {
    fn wait(&self) -> LocalFuture<'_, Result<usize, BrokenBarrierError>> {
        Box::pin(self.wait())
    }

    fn reset(&self) {
        self.reset();
    }

    fn abort(&self) {
        self.abort();
    }

    fn broken(&self) -> bool {
        self.broken()
    }

    fn n_waiting(&self) -> usize {
        self.n_waiting()
    }
}

impl AnyBoundedSemaphore for BoundedSemaphore {
    fn take(&self) -> bool {
        self.try_acquire().map(Permit::forget).is_ok()
    }

    fn release(&self) -> Result<(), ReleaseError> {
        self.release(1)
    }

    fn available(&self) -> usize {
        self.available()
    }
}

impl<S: Order<Item = u32>> AnyQueue for QueueOf<S> {
    fn put(&self, item: u32) -> LocalFuture<'_, Result<(), QueueShutDown<u32>>> {
        Box::pin(self.put(item))
    }

    fn get(&self) -> LocalFuture<'_, Result<u32, QueueShutDown>> {
        Box::pin(self.get())
    }

    fn put_nowait(&self, item: u32) -> Result<(), PutError<u32>> {
        self.put_nowait(item)
    }

    fn get_nowait(&self) -> Result<u32, GetError> {
        self.get_nowait()
    }

    fn qsize(&self) -> usize {
        self.qsize()
    }

    fn task_done(&self) -> Result<(), TaskDoneError> {
        self.task_done()
    }

    fn join(&self) -> LocalFuture<'_, ()> {
        Box::pin(self.join())
    }

    fn shutdown(&self, immediate: bool) -> Vec<u32> {
        self.shutdown(immediate)
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}
