//! The primitives for one thread: the same state machines without an atomic, for loops whose tasks never leave theirs.
//!
//! All that they can do stands with [`LockOf`](crate::LockOf), [`EventOf`](crate::EventOf),
//! [`SemaphoreOf`](crate::SemaphoreOf) and [`QueueOf`], but for the blocking forms: whoever would block this
//! thread would wait for itself. They are neither `Send` nor `Sync`; owners share them in an `Rc`.
//!
//! # Examples
//!
//! ```
//! # contract::block_on(async {
//! use sync_primitives::local::{Lock, Queue};
//!
//! let (count, words) = (Lock::new(0), Queue::bounded(2));
//! *count.lock().await += 1;
//! words.put("one").await.unwrap();
//! assert_eq!(words.get().await, Ok("one"));
//! # });
//! ```

use crate::kind::Local;
use crate::queue::{Fifo, Lifo, LowestFirst, QueueOf};

/// [`Lock`](crate::Lock), for one thread.
pub type Lock<T> = crate::LockOf<T, Local>;

/// [`Event`](crate::Event), for one thread.
pub type Event = crate::EventOf<Local>;

/// [`Semaphore`](crate::Semaphore), for one thread.
pub type Semaphore = crate::SemaphoreOf<Local>;

/// [`Queue`](crate::Queue), for one thread.
pub type Queue<T> = QueueOf<Fifo<T>, Local>;

/// [`LifoQueue`](crate::LifoQueue), for one thread.
pub type LifoQueue<T> = QueueOf<Lifo<T>, Local>;

/// [`PriorityQueue`](crate::PriorityQueue), for one thread.
pub type PriorityQueue<T> = QueueOf<LowestFirst<T>, Local>;
