#![doc = include_str!("../README.md")]

mod blocking;
mod budget;
mod event;
mod limited;
mod lock;
mod permits;
mod queue;
mod semaphore;
mod sync;
mod waiters;

pub use contract::block_on;
pub use event::{Event, EventWait};
pub use limited::Limited;
pub use lock::{Lock, LockGuard, Locking, LockingOwned, OwnedLockGuard};
pub use queue::{GetError, Getting, Joining, PutError, Putting, Queue, QueueShutDown, TaskDoneError};
pub use semaphore::{Acquiring, AcquiringOwned, OwnedPermit, Permit, Semaphore};
