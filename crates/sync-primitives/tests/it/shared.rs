//! The primitives that threads share, tried by the tests of both kinds.

use std::sync::Arc as Owner;
use sync_primitives::{Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore};

#[path = "both/all.rs"]
mod both;
