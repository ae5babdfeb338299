#![doc = include_str!("../README.md")]

mod barrier;
mod blocking;
mod bounded_semaphore;
#[cfg(not(loom))]
mod brief;
mod budget;
mod capacity_limiter;
mod condition;
mod event;
mod kind;
mod lazy;
mod limited;
mod line;
pub mod local;
mod lock;
mod permits;
mod queue;
mod semaphore;
mod sync;
mod waiters;

pub use barrier::{Barrier, BarrierWait, BrokenBarrierError};
pub use bounded_semaphore::{AcquireError, AcquiringBounded, BoundedSemaphore, ReleaseError};
pub use capacity_limiter::{AlreadyBorrowing, Borrower, CapacityLimiter};
pub use condition::{Condition, ConditionWait};
pub use contract::block_on;
pub use event::{Event, EventOf, EventWait};
pub use kind::{Kind, Local, Shared};
pub use limited::{Limit, Limited};
pub use lock::{Guard, HoldsLock, Lock, LockGuard, LockOf, Locking, MappedLockGuard, OwnedLockGuard};
pub use permits::HasPermits;
pub use queue::{
    Fifo, GetError, Getting, Items, ItemsBlocking, Joining, Lifo, LifoQueue, LowestFirst, NextItem, Order,
    PriorityQueue, PutError, Putting, Queue, QueueOf, QueueShutDown, TaskDoneError,
};
pub use semaphore::{Acquiring, OwnedPermit, Permit, Semaphore, SemaphoreOf};
