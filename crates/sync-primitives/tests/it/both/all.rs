//! The tests of both kinds: whoever includes them says which.

use super::{Event, LifoQueue, Lock, Owner, PriorityQueue, Queue, Semaphore};

mod budget;
mod cancel;
mod crowd;
mod event;
mod histories;
mod items;
mod lock;
mod orders;
mod queue;
mod semaphore;
mod wakers;
