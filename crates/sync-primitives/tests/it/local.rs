//! The primitives for one thread, tried by the tests of both kinds.

use std::rc::Rc as Owner;
use sync_primitives::local::{Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore};

#[path = "both/all.rs"]
mod both;
