//! A lock around data, first come, first served.

use crate::blocking::{block_on, block_on_timeout};
use crate::kind::{Kind, Local, Shared, for_each_kind};
use crate::permits::{Acquire, HasPermits, Held, Permits};
use crate::sync::const_fn;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

mod guard;

use guard::Data;
pub use guard::{Guard, HoldsLock, LockGuard, MappedLockGuard, OwnedLockGuard};

/// One at a time: a lock around data, first come, first served, that may be held across an `.await`.
///
/// A lock that is released goes to whoever has waited longest; nobody overtakes, also not the one who just released. No
/// allocation while nobody has to wait. There is no poisoning: a panic releases the lock and leaves the data as it is.
///
/// # Ordering
///
/// What a holder did has happened before what the next one does.
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// use sync_primitives::Lock;
///
/// static VISITS: Lock<u32> = Lock::new(0);
///
/// *VISITS.lock().await += 1;                       // in a task
/// assert_eq!(*VISITS.try_lock().unwrap(), 1);
/// # });
/// # use sync_primitives::Lock;
/// # static VISITS: Lock<u32> = Lock::new(1);
/// *VISITS.lock_blocking() += 1;                    // on a thread
/// ```
///
/// # Python
///
/// `asyncio.Lock`, and `threading.Lock` in the blocking forms. There it guards nothing by itself; here the data is inside,
/// and `async with lock:` is the guard. `Lock<()>` is theirs exactly.
pub type Lock<T> = LockOf<T, Shared>;

/// What [`Lock`] and [`local::Lock`](crate::local::Lock) are, each of its kind.
///
/// # Ordering
///
/// First come, first served.
pub struct LockOf<T: ?Sized, K: Kind> {
    /// Always one permit, held by whichever guard there is.
    permits: Permits<K>,
    data: Data<T>,
}

for_each_kind! {
    impl<T> LockOf<T, K> {
        const_fn! {
            /// A lock around `value`.
            #[must_use]
            pub fn new(value: T) -> Self {
                Self { permits: Permits::<K>::new(1), data: Data::new(value) }
            }
        }
    }

    impl<T: Default> Default for LockOf<T, K> {
        fn default() -> Self {
            Self::new(T::default())
        }
    }

    impl<T> From<T> for LockOf<T, K> {
        fn from(value: T) -> Self {
            Self::new(value)
        }
    }
}

impl<T, K: Kind> LockOf<T, K> {
    /// The data.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized, K: Kind> LockOf<T, K> {
    /// Waits for the lock.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line; if it was its turn already, the turn goes to the next. Nothing is
    /// lost.
    pub fn lock(&self) -> Locking<&Self> {
        Locking::new(self)
    }

    /// The lock, if nobody holds it and nobody is in line.
    #[must_use]
    pub fn try_lock(&self) -> Option<Guard<&Self>> {
        Held::try_acquire(self, 1).map(Guard::new)
    }

    /// Whether the lock cannot be had at once: somebody holds it, or is in line.
    #[must_use]
    pub fn locked(&self) -> bool {
        self.permits.exhausted()
    }

    /// The data, without locking: nobody else can have a reference.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }
}

impl<T: ?Sized> Lock<T> {
    /// Waits for the lock; the guard keeps it alive.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub fn lock_owned(self: &Arc<Self>) -> Locking<Arc<Self>> {
        Locking::new(self.clone())
    }

    /// Blocks this thread until it has the lock.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`lock`](Self::lock) there.
    #[track_caller]
    pub fn lock_blocking(&self) -> LockGuard<'_, T> {
        block_on(self.lock())
    }

    /// Blocks this thread for at most `timeout`; `None` if it did not have the lock by then.
    ///
    /// # Panics
    ///
    /// As [`lock_blocking`](Self::lock_blocking).
    #[track_caller]
    pub fn lock_timeout(&self, timeout: Duration) -> Option<LockGuard<'_, T>> {
        block_on_timeout(&mut self.lock(), timeout)
    }

    /// The lock, if nobody holds it and nobody is in line; the guard keeps it alive.
    #[must_use]
    pub fn try_lock_owned(self: &Arc<Self>) -> Option<OwnedLockGuard<T>> {
        Held::try_acquire(self.clone(), 1).map(Guard::new)
    }
}

impl<T: ?Sized> LockOf<T, Local> {
    /// Waits for the lock; the guard keeps it alive.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub fn lock_owned(self: &Rc<Self>) -> Locking<Rc<Self>> {
        Locking::new(self.clone())
    }

    /// The lock, if nobody holds it and nobody is in line; the guard keeps it alive.
    #[must_use]
    pub fn try_lock_owned(self: &Rc<Self>) -> Option<Guard<Rc<Self>>> {
        Held::try_acquire(self.clone(), 1).map(Guard::new)
    }
}

impl<T: ?Sized, K: Kind> HasPermits for LockOf<T, K> {
    type Kind = K;

    fn permits(&self) -> &Permits<K> {
        &self.permits
    }
}

/// Waits for a lock. Made by [`LockOf::lock`] and its like.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Locking<H: HoldsLock>(Acquire<H>);

impl<H: HoldsLock> Locking<H> {
    pub(crate) fn new(holder: H) -> Self {
        Self(Acquire::new(holder, 1))
    }
}

// A holder is a pointer, which nobody pins.
impl<H: HoldsLock> Unpin for Locking<H> {}

impl<H: HoldsLock> Future for Locking<H> {
    type Output = Guard<H>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<H>> {
        self.0.poll(cx).map(Guard::new)
    }
}

impl<T: ?Sized + fmt::Debug, K: Kind> fmt::Debug for LockOf<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Lock");
        match self.try_lock() {
            Some(guard) => out.field("data", &&*guard).finish(),
            None => out.field("data", &format_args!("<locked>")).finish(),
        }
    }
}

impl<H: HoldsLock> fmt::Debug for Locking<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locking").finish_non_exhaustive()
    }
}
