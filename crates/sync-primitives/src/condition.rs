//! Waiting, with a lock, until somebody says that the locked data has changed.

use crate::blocking::{block_on, block_on_timeout};
use crate::kind::Shared;
use crate::line::Line;
use crate::lock::{Guard, HoldsLock};
use crate::sync::const_fn;
use crate::waiters::{Place, Waiters, Wakes};
use std::fmt;
use std::time::Duration;

mod future;

pub use future::ConditionWait;

/// Waits until the data of a [`Lock`](crate::Lock) has changed, without keeping the lock meanwhile.
///
/// A wait takes the guard of the lock, gives the lock up, and returns the guard when it was notified *and* has the lock
/// again. Whoever has waited longest is notified first, and a notification for one who stops waiting goes to the next. A
/// notification that nobody waits for is not kept: what is waited for belongs in the data, and
/// [`wait_for`](Self::wait_for) looks there first.
///
/// One condition may be used with several locks, and one lock with several conditions: "not empty" and "not full", say.
///
/// # Ordering
///
/// Those who have waited longest are notified first and woken first, and each queues for the lock when it runs: so on one loop
/// they have the lock in the order in which they have waited, and on several threads in the order in which those get to run.
/// All of them queue behind whoever was in line for the lock before.
///
/// What was done under the lock is seen by whoever has it next; a notification by one who does not hold it orders nothing.
///
/// # Examples
///
/// ```
/// use sync_primitives::{Condition, Lock};
///
/// static WORDS: Lock<Vec<&str>> = Lock::new(Vec::new());
/// static ADDED: Condition = Condition::new();
///
/// let reader = std::thread::spawn(|| {                     // in a task: `.lock().await` and `.wait_for(…).await`
///     let mut words = ADDED.wait_for_blocking(WORDS.lock_blocking(), |words| !words.is_empty());
///     words.pop()
/// });
/// WORDS.lock_blocking().push("hello");
/// ADDED.notify(1);
/// assert_eq!(reader.join().unwrap(), Some("hello"));
/// ```
///
/// # Python
///
/// `asyncio.Condition` and `threading.Condition`. There it holds the lock; here the guard is handed over and handed back, so
/// waiting without the lock does not compile. There `notify` without the lock is an error; here it is fine as long as the
/// data was changed under the lock. A wait that is cancelled there ends with the lock held; here, dropping it gives the lock
/// up, and [`unless`](ConditionWait::unless) is the wait that can be stopped and hands the guard back.
pub struct Condition(Line<Shared>);

impl Condition {
    const_fn! {
        /// A condition that nobody waits for.
        #[must_use]
        pub fn new() -> Self {
            Self(Line::<Shared>::new(0))
        }
    }

    /// Gives the lock up, waits for a notification, and takes the lock again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the lock or the place in its line, and a notification that it had got goes to the next
    /// who waits. Nothing is lost.
    pub fn wait<H: HoldsLock>(&self, guard: Guard<H>) -> ConditionWait<'_, H> {
        ConditionWait::new(self, guard, None)
    }

    /// Waits until `predicate` holds, which is asked with the lock held: at once, and after each notification.
    ///
    /// # Panics
    ///
    /// As `predicate` does; the lock is released then.
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_for<H, P>(&self, guard: Guard<H>, predicate: P) -> ConditionWait<'_, H, P>
    where
        H: HoldsLock,
        P: FnMut(&mut H::Data) -> bool,
    {
        ConditionWait::new(self, guard, Some(predicate))
    }

    /// Notifies the `count` who have waited longest; as many as there are, if there are fewer.
    pub fn notify(&self, count: usize) {
        self.call(|waiters, wakes| {
            let more = waiters.promised().saturating_add(count);
            waiters.call_first(more, wakes);
        });
    }

    /// Notifies everybody who waits.
    pub fn notify_all(&self) {
        self.call(|waiters, wakes| waiters.call_all(|_| 0, wakes));
    }

    /// Blocks this thread: gives the lock up, waits for a notification, and takes the lock again.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`wait`](Self::wait) there.
    #[track_caller]
    pub fn wait_blocking<H: HoldsLock>(&self, guard: Guard<H>) -> Guard<H> {
        block_on(self.wait(guard))
    }

    /// Blocks this thread; waits for a notification for at most `timeout`, and then as long as it takes for the lock. The
    /// answer is whether it was notified.
    ///
    /// # Panics
    ///
    /// As [`wait_blocking`](Self::wait_blocking).
    #[track_caller]
    pub fn wait_timeout<H: HoldsLock>(&self, guard: Guard<H>, timeout: Duration) -> (Guard<H>, bool) {
        let mut wait = self.wait(guard);
        match block_on_timeout(&mut wait, timeout) {
            Some(guard) => (guard, true),
            None => (block_on(wait.stopped()), false),
        }
    }

    /// Blocks this thread until `predicate` holds.
    ///
    /// # Panics
    ///
    /// As [`wait_blocking`](Self::wait_blocking), and as `predicate` does.
    #[track_caller]
    pub fn wait_for_blocking<H, P>(&self, guard: Guard<H>, predicate: P) -> Guard<H>
    where
        H: HoldsLock,
        P: FnMut(&mut H::Data) -> bool,
    {
        block_on(self.wait_for(guard, predicate))
    }

    /// Blocks this thread until `predicate` holds, for at most `timeout`, and then as long as it takes for the lock. The
    /// answer is whether the predicate holds now.
    ///
    /// # Panics
    ///
    /// As [`wait_for_blocking`](Self::wait_for_blocking).
    #[track_caller]
    pub fn wait_for_timeout<H, P>(
        &self,
        guard: Guard<H>,
        timeout: Duration,
        mut predicate: P,
    ) -> (Guard<H>, bool)
    where
        H: HoldsLock,
        P: FnMut(&mut H::Data) -> bool,
    {
        let mut wait = self.wait_for(guard, &mut predicate);
        if let Some(guard) = block_on_timeout(&mut wait, timeout) {
            return (guard, true);
        }
        let mut guard = block_on(wait.stopped());
        let holds = predicate(&mut guard);
        (guard, holds)
    }

    /// Leaves the line, if it was in it. A notification that it does not need goes to the next.
    fn leave(&self, place: &mut Option<Place>, pass_on: bool) {
        let Some(place) = place.take() else { return };
        let mut wakes = Wakes::default();
        let mut line = self.0.lock();
        let promised = line.promised();
        let unneeded = line.leave(place);
        if pass_on {
            line.call_first(promised, &mut wakes);
        }
        line.set(0);
        drop(line);
        drop(unneeded);
        wakes.wake_all();
    }

    fn call(&self, call: impl FnOnce(&mut Waiters, &mut Wakes)) {
        // Whoever changed the data under the lock sees here everybody who looked at it before.
        if !self.0.look().1 {
            return;
        }
        let mut wakes = Wakes::default();
        call(&mut self.0.lock(), &mut wakes);
        wakes.wake_all();
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}
