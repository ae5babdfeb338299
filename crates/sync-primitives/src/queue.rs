//! A queue between those who make and those who use, with or without a bound.

use crate::blocking::{block_on, block_on_timeout};
use crate::sync::{Mutex, const_fn, lock};
use crate::waiters::Wakes;
use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

mod error;
mod futures;
mod state;

pub use error::{GetError, PutError, QueueShutDown, TaskDoneError};
pub use futures::{Getting, Joining, Putting};
use state::State;

/// Items from many to many, first in, first out, with or without a bound.
///
/// No allocation but for the items while nobody has to wait.
///
/// # Ordering
///
/// Items come out in the order in which they went in. Those who wait are served in the order of their arrival. A
/// [`get`](Self::get) or [`put`](Self::put) that has not waited yet takes only what nobody in line is to have;
/// [`get_nowait`](Self::get_nowait) and [`put_nowait`](Self::put_nowait) take whatever there is, also before one who was
/// woken for it and has not run yet: that one keeps its place at the head of the line.
///
/// What was done before an item was put has happened before what is done after it was got.
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// use sync_primitives::{Queue, QueueShutDown};
///
/// let queue = Queue::bounded(2);
/// queue.put("first").await?;
/// queue.put("second").await?;
/// assert!(queue.put_nowait("third").is_err());       // it comes back inside the error
///
/// assert_eq!(queue.get().await, Ok("first"));
/// queue.shutdown(false);
/// assert_eq!(queue.get().await, Ok("second"));
/// assert_eq!(queue.get().await, Err(QueueShutDown(())));
/// # Ok::<(), QueueShutDown<&str>>(())
/// # }).unwrap();
/// ```
///
/// # Python
///
/// `asyncio.Queue`, and `queue.Queue` in the blocking forms. There a getter whose item was taken before it ran goes to the
/// back of the line, and a newcomer overtakes those who were woken; here neither. `shutdown(immediate=True)` throws the
/// items away; here it gives them back.
pub struct Queue<T> {
    /// Zero is no bound.
    maxsize: usize,
    state: Mutex<State<T>>,
}

impl<T> Queue<T> {
    const_fn! {
        /// A queue of at most `maxsize` items. Zero is no bound, as in asyncio; [`unbounded`](Self::unbounded) says it
        /// better.
        #[must_use]
        pub fn bounded(maxsize: usize) -> Self {
            Self { maxsize, state: Mutex::new(State::new()) }
        }
    }

    const_fn! {
        /// A queue without a bound: putting never waits.
        #[must_use]
        pub fn unbounded() -> Self {
            Self::bounded(0)
        }
    }

    /// Puts `item` in, after waiting for a free place.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`], which holds the item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line, and what it was woken for goes to the next. The item was not put; it
    /// is dropped with the future, unless [`Putting::into_item`] took it out.
    pub fn put(&self, item: T) -> Putting<'_, T> {
        Putting::new(self, item)
    }

    /// Takes the next item, after waiting for it.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`] once the queue is shut down and there is nothing left for this getter.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line. An item that it was woken for is still in the queue, and the next in
    /// line is woken for it. Nothing is lost.
    pub fn get(&self) -> Getting<'_, T> {
        Getting::new(self)
    }

    /// Waits until every item that was put has been [marked done](Self::task_done); ready at once if nothing is unfinished.
    ///
    /// Whoever waits at a moment when nothing is unfinished is released, also if more is put before it runs.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn join(&self) -> Joining<'_, T> {
        Joining::new(self)
    }

    /// Puts `item` in, if there is a free place.
    ///
    /// # Errors
    ///
    /// [`PutError`], which holds the item.
    pub fn put_nowait(&self, item: T) -> Result<(), PutError<T>> {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.state);
        if state.shut_down {
            return Err(PutError::ShutDown(item));
        }
        if state.room(self.maxsize) == 0 {
            return Err(PutError::Full(item));
        }
        state.push(item);
        state.settle(self.maxsize, &mut wakes);
        drop(state);
        wakes.wake_all();
        Ok(())
    }

    /// Takes the next item, if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError`], which says whether waiting would help.
    pub fn get_nowait(&self) -> Result<T, GetError> {
        let mut wakes = Wakes::default();
        let mut state = lock(&self.state);
        let Some(item) = state.items.pop_front() else {
            return Err(if state.shut_down { GetError::ShutDown } else { GetError::Empty });
        };
        state.settle(self.maxsize, &mut wakes);
        drop(state);
        wakes.wake_all();
        Ok(item)
    }

    /// Blocks this thread until `item` is in the queue.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`], which holds the item.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`put`](Self::put) there.
    #[track_caller]
    pub fn put_blocking(&self, item: T) -> Result<(), QueueShutDown<T>> {
        block_on(self.put(item))
    }

    /// Blocks this thread until it has the next item.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`get`](Self::get) there.
    #[track_caller]
    pub fn get_blocking(&self) -> Result<T, QueueShutDown> {
        block_on(self.get())
    }

    /// Blocks this thread for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`PutError`], which holds the item: `Full` if there was no free place in time.
    ///
    /// # Panics
    ///
    /// As [`put_blocking`](Self::put_blocking).
    #[track_caller]
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        let mut putting = self.put(item);
        match block_on_timeout(&mut putting, timeout) {
            Some(put) => put.map_err(|QueueShutDown(item)| PutError::ShutDown(item)),
            // It is still there: a put that is ready was answered above.
            None => putting.into_item().map_or(Ok(()), |item| Err(PutError::Full(item))),
        }
    }

    /// Blocks this thread for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`GetError`]: `Empty` if there was no item in time.
    ///
    /// # Panics
    ///
    /// As [`get_blocking`](Self::get_blocking).
    #[track_caller]
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        match block_on_timeout(&mut self.get(), timeout) {
            Some(got) => got.map_err(|QueueShutDown(())| GetError::ShutDown),
            None => Err(GetError::Empty),
        }
    }

    /// Blocks this thread until every item that was put has been [marked done](Self::task_done).
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`join`](Self::join) there.
    #[track_caller]
    pub fn join_blocking(&self) {
        block_on(self.join());
    }

    /// Blocks this thread for at most `timeout`; `false` if something was unfinished all the time.
    ///
    /// # Panics
    ///
    /// As [`join_blocking`](Self::join_blocking).
    #[track_caller]
    pub fn join_timeout(&self, timeout: Duration) -> bool {
        block_on_timeout(&mut self.join(), timeout).is_some()
    }

    /// Marks one item that was got as done, for [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// [`TaskDoneError`] if nothing is unfinished; nothing changes then.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        let mut wakes = Wakes::default();
        let counted = lock(&self.state).done(1, &mut wakes);
        wakes.wake_all();
        if counted { Ok(()) } else { Err(TaskDoneError) }
    }

    /// Ends the queue, for good: every put fails from now on, also those that wait.
    ///
    /// Without `immediate`, what is in the queue can still be got, and then gets fail, also those that wait. With it, the
    /// queue is emptied at once; the items count as done, and come back to the caller. Calling it again is fine: so a
    /// queue that is being drained can be emptied after all.
    pub fn shutdown(&self, immediate: bool) -> Vec<T> {
        let mut wakes = Wakes::default();
        let items = lock(&self.state).shut_down(immediate, &mut wakes);
        wakes.wake_all();
        items
    }

    /// How many items are in the queue.
    #[must_use]
    pub fn qsize(&self) -> usize {
        lock(&self.state).items.len()
    }

    /// Whether there is no item in the queue.
    #[must_use]
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Whether there is no free place in the queue; never without a bound.
    #[must_use]
    pub fn full(&self) -> bool {
        lock(&self.state).room(self.maxsize) == 0
    }

    /// The bound; `None` if there is none.
    #[must_use]
    pub const fn maxsize(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.maxsize)
    }
}

/// Without a bound.
impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::unbounded()
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Queue")
            .field("qsize", &state.items.len())
            .field("maxsize", &self.maxsize())
            .field("unfinished", &state.unfinished)
            .field("shut_down", &state.shut_down)
            .finish_non_exhaustive()
    }
}
