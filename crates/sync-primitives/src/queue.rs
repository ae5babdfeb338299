//! A queue between those who make and those who use, with or without a bound.

use crate::blocking::{block_on, block_on_timeout};
use crate::kind::{Guarded, Kind, Shared, for_each_kind};
use crate::sync::const_fn;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::DerefMut;
use std::time::Duration;

mod error;
mod futures;
mod heap;
mod items;
mod order;
mod state;

pub use error::{GetError, PutError, QueueShutDown, TaskDoneError};
pub use futures::{Getting, Joining, Putting};
pub use heap::LowestFirst;
pub use items::{Items, ItemsBlocking, NextItem};
pub use order::{Fifo, Lifo, Order};
use state::{Change, State};

/// Items from many to many, first in, first out, with or without a bound.
///
/// All that it can do stands with [`QueueOf`].
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
/// `asyncio.Queue`, and `queue.Queue` in the blocking forms.
pub type Queue<T> = QueueOf<Fifo<T>>;

/// A [`Queue`] that gives out the item that was put last.
///
/// All that it can do stands with [`QueueOf`].
///
/// # Examples
///
/// ```
/// let plates = sync_primitives::LifoQueue::unbounded();
/// (1..=3).for_each(|plate| plates.put_nowait(plate).unwrap());
/// assert_eq!(plates.get_nowait(), Ok(3));
/// ```
///
/// # Python
///
/// `asyncio.LifoQueue`, and `queue.LifoQueue` in the blocking forms.
pub type LifoQueue<T> = QueueOf<Lifo<T>>;

/// A [`Queue`] that gives out the *lowest* item; of equal ones, the one that was put first.
///
/// All that it can do stands with [`QueueOf`]. For the highest first, put `std::cmp::Reverse(item)`.
///
/// # Panics
///
/// Where comparing two items does. No item is lost: a put has happened then, a get has taken nothing, and a
/// [`shutdown`](QueueOf::shutdown) has not begun; but items that were compared may come out late. Whoever waits still waits
/// for what is there. A comparison runs inside the queue's mutex, so it must not use the queue.
///
/// # Examples
///
/// ```
/// let jobs = sync_primitives::PriorityQueue::unbounded();
/// for job in [(2, "eat"), (1, "cook"), (2, "talk"), (3, "wash up")] {
///     jobs.put_nowait(job).unwrap();
/// }
/// assert_eq!(jobs.get_nowait(), Ok((1, "cook")));
/// assert_eq!(jobs.get_nowait(), Ok((2, "eat")));
/// ```
///
/// # Python
///
/// `asyncio.PriorityQueue`, and `queue.PriorityQueue` in the blocking forms. There the order of equal items is left open.
pub type PriorityQueue<T> = QueueOf<LowestFirst<T>>;

/// Items from many to many, with or without a bound: what [`Queue`], [`LifoQueue`] and [`PriorityQueue`] are, each with an
/// order `S` of its own.
///
/// No allocation but for the items while nobody has to wait.
///
/// # Ordering
///
/// Those who wait are served in the order of their arrival, and nobody overtakes one whom there is nothing for yet. Whoever
/// was woken for an item (a free place) has one for certain, but takes it when it runs: until then, a [`get`](Self::get) or
/// [`put`](Self::put) that has not waited goes ahead of it if there is one *more* than the woken are to have.
///
/// So it is in asyncio, and so it must be: if those who were woken and have not run yet kept everybody else waiting, each item
/// of a busy queue would cost a round through the scheduler, with free places on one side and items on the other. Items still
/// go in and come out in the order in which puts and gets end.
///
/// [`get_nowait`](Self::get_nowait) and [`put_nowait`](Self::put_nowait) take whatever there is, also what one was woken for
/// who has not run yet: that one keeps its place at the head of the line.
///
/// What was done before an item was put has happened before what is done after it was got.
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// use sync_primitives::Queue;
///
/// let queue = Queue::bounded(2);
/// let work = async {
///     let mut items = queue.items();
///     while let Some(item) = items.next().await {            // until the queue is shut down and empty
///         println!("{item}");
///         queue.task_done().unwrap();
///     }
/// };
/// queue.put("one").await.unwrap();
/// queue.shutdown(false);
/// work.await;
/// queue.join().await;
/// # });
/// ```
///
/// # Python
///
/// `asyncio.Queue` and its like, and `queue.Queue` and its like in the blocking forms. There a getter whose item was taken
/// before it ran goes to the back of the line, and a newcomer may take the very item that another was woken for; here neither.
/// `shutdown(immediate=True)` throws the items away; here it gives them back.
pub struct QueueOf<S: Order, K: Kind = Shared> {
    /// Zero is no bound.
    maxsize: usize,
    state: K::Mutex<State<S>>,
}

for_each_kind! {
    impl<S: Order> QueueOf<S, K> {
        const_fn! {
            /// A queue of at most `maxsize` items. Zero is no bound, as in asyncio; [`unbounded`](Self::unbounded) says it
            /// better.
            #[must_use]
            pub fn bounded(maxsize: usize) -> Self {
                Self { maxsize, state: K::mutex(State::new()) }
            }
        }

        const_fn! {
            /// A queue without a bound: putting never waits.
            #[must_use]
            pub fn unbounded() -> Self {
                Self::bounded(0)
            }
        }
    }

    /// Without a bound.
    impl<S: Order> Default for QueueOf<S, K> {
        fn default() -> Self {
            Self::unbounded()
        }
    }
}

impl<S: Order, K: Kind> QueueOf<S, K> {
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
    pub fn put(&self, item: S::Item) -> Putting<'_, S, K> {
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
    /// line is woken for it, also after a [`shutdown`](Self::shutdown). Nothing is lost.
    pub fn get(&self) -> Getting<'_, S, K> {
        Getting::new(self)
    }

    /// Item after item, until the queue is shut down and empty: for a `while let` in a task, or a `for` on a thread.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn items(&self) -> Items<'_, S, K> {
        Items::new(self)
    }

    /// Waits until every item that was put has been [marked done](Self::task_done); ready at once if nothing is unfinished.
    ///
    /// Whoever waits at a moment when nothing is unfinished is released, also if more is put before it runs.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn join(&self) -> Joining<'_, S, K> {
        Joining::new(self)
    }

    /// Puts `item` in, if there is a free place.
    ///
    /// # Errors
    ///
    /// [`PutError`], which holds the item.
    pub fn put_nowait(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        let mut state = self.state.lock();
        if state.puts_freely(self.maxsize) {
            state.push(item);
            return Ok(());
        }
        if state.shut_down {
            return Err(PutError::ShutDown(item));
        }
        if state.room(self.maxsize) == 0 {
            return Err(PutError::Full(item));
        }
        Change::new(state, self.maxsize).push(item);
        Ok(())
    }

    /// Takes the next item, if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError`], which says whether waiting would help.
    pub fn get_nowait(&self) -> Result<S::Item, GetError> {
        let mut state = self.state.lock();
        if state.gets_freely() {
            return state.items.pop().ok_or(GetError::Empty);
        }
        let empty = if state.shut_down { GetError::ShutDown } else { GetError::Empty };
        if state.items.qsize() == 0 {
            return Err(empty);
        }
        Change::new(state, self.maxsize).items.pop().ok_or(empty)
    }

    /// Marks one item that was got as done, for [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// [`TaskDoneError`] if nothing is unfinished; nothing changes then.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        if self.change().done(1) { Ok(()) } else { Err(TaskDoneError) }
    }

    /// Ends the queue, for good: every put fails from now on, also those that wait.
    ///
    /// Without `immediate`, what is in the queue can still be got, and then gets fail, also those that wait. With it, the
    /// queue is emptied at once; the items count as done, and come back to the caller, in the order in which they would have
    /// come out. Calling it again is fine: so a queue that is being drained can be emptied after all.
    ///
    /// Whoever waits for an item while there are as many as have been called for keeps waiting: it gets the item of one who
    /// is dropped before it came, or fails once the last one is gone.
    pub fn shutdown(&self, immediate: bool) -> Vec<S::Item> {
        let items = self.change().shut_down(immediate);
        items.into_sorted()
    }

    /// How many items are in the queue.
    #[must_use]
    pub fn qsize(&self) -> usize {
        self.state.lock().items.qsize()
    }

    /// Whether there is no item in the queue.
    #[must_use]
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Whether there is no free place in the queue; never without a bound.
    #[must_use]
    pub fn full(&self) -> bool {
        self.state.lock().room(self.maxsize) == 0
    }

    /// The bound; `None` if there is none.
    #[must_use]
    pub const fn maxsize(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.maxsize)
    }

    fn change(&self) -> Change<impl DerefMut<Target = State<S>>, S> {
        Change::new(self.state.lock(), self.maxsize)
    }
}

impl<S: Order> QueueOf<S> {
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
    pub fn put_blocking(&self, item: S::Item) -> Result<(), QueueShutDown<S::Item>> {
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
    pub fn get_blocking(&self) -> Result<S::Item, QueueShutDown> {
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
    pub fn put_timeout(&self, item: S::Item, timeout: Duration) -> Result<(), PutError<S::Item>> {
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
    pub fn get_timeout(&self, timeout: Duration) -> Result<S::Item, GetError> {
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
}

impl<S: Order, K: Kind> fmt::Debug for QueueOf<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Queue")
            .field("qsize", &state.items.qsize())
            .field("maxsize", &self.maxsize())
            .field("unfinished", &state.unfinished)
            .field("shut_down", &state.shut_down)
            .finish_non_exhaustive()
    }
}
