//! The primitives for one thread, tried by the tests of both kinds.

use std::rc::Rc as Owner;
use sync_primitives::local::{Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore};

#[path = "both/budget.rs"]
mod budget;
#[path = "both/cancel.rs"]
mod cancel;
#[path = "both/crowd.rs"]
mod crowd;
#[path = "both/event.rs"]
mod event;
#[path = "both/histories.rs"]
mod histories;
#[path = "both/items.rs"]
mod items;
#[path = "both/lock.rs"]
mod lock;
#[path = "both/orders.rs"]
mod orders;
#[path = "both/queue.rs"]
mod queue;
#[path = "both/semaphore.rs"]
mod semaphore;
#[path = "both/wakers.rs"]
mod wakers;
