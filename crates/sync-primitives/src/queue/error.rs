//! Why a queue did not take or give an item. What did not go in comes back.

use std::error::Error;
use std::fmt;

/// The queue was shut down. Holds the item that was to be put; `()` after a get.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueueShutDown<T = ()>(pub T);

/// Why an item could not be put at once, or in time. Holds the item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PutError<T> {
    /// There was no free place.
    Full(T),
    /// The queue was shut down.
    ShutDown(T),
}

impl<T> PutError<T> {
    /// The item that was to be put.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::ShutDown(item) => item,
        }
    }
}

/// Why no item could be had at once, or in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetError {
    /// There was no item.
    Empty,
    /// The queue was shut down, and there will be no more items.
    ShutDown,
}

/// [`task_done`](super::Queue::task_done) was called more often than items were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskDoneError;

const SHUT_DOWN: &str = "the queue was shut down";

impl<T> fmt::Display for QueueShutDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHUT_DOWN)
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full; `put` waits for a free place",
            Self::ShutDown(_) => SHUT_DOWN,
        })
    }
}

impl fmt::Display for GetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the queue is empty; `get` waits for an item",
            Self::ShutDown => SHUT_DOWN,
        })
    }
}

impl fmt::Display for TaskDoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "task_done() was called more often than items were put; call it once for each item that was got",
        )
    }
}

impl<T> fmt::Debug for QueueShutDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueShutDown(..)")
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::ShutDown(_) => "ShutDown(..)",
        })
    }
}

impl<T> Error for QueueShutDown<T> {}
impl<T> Error for PutError<T> {}
impl Error for GetError {}
impl Error for TaskDoneError {}
