//! A number of permits, first come, first served.

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

/// At most so many at a time: a number of permits, first come, first served.
///
/// A permit that comes back goes to whoever has waited longest; nobody overtakes, also not the one who just released. No
/// allocation while nobody has to wait. There is no poisoning: a permit comes back when its guard is dropped, also by a
/// panic.
///
/// # Ordering
///
/// What a holder did before its permit came back has happened before what the next one does with it.
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// static CONNECTIONS: sync_primitives::Semaphore = sync_primitives::Semaphore::new(2);
///
/// let first = CONNECTIONS.acquire().await;
/// let second = CONNECTIONS.acquire().await;
/// assert!(CONNECTIONS.try_acquire().is_none());
/// drop(first);
/// assert_eq!(CONNECTIONS.available(), 1);
/// # drop(second);
/// # });
/// ```
///
/// # Python
///
/// `asyncio.Semaphore`, and `threading.Semaphore` in the blocking forms. `async with` is a guard here;
/// [`release`](Self::release) without a guard exists as there.
pub type Semaphore = SemaphoreOf<Shared>;

/// What [`Semaphore`] and [`local::Semaphore`](crate::local::Semaphore) are, each of its kind.
///
/// # Ordering
///
/// First come, first served.
pub struct SemaphoreOf<K: Kind> {
    permits: Permits<K>,
}

for_each_kind! {
    impl SemaphoreOf<K> {
        const_fn! {
            /// A semaphore of `permits` permits. With none, all wait until somebody calls [`release`](Self::release).
            ///
            /// # Panics
            ///
            /// Above `usize::MAX / 4` permits.
            #[must_use]
            pub fn new(permits: usize) -> Self {
                Self { permits: Permits::<K>::new(permits) }
            }
        }
    }
}

impl<K: Kind> SemaphoreOf<K> {
    /// Waits for a permit.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line; a permit that it was called for goes to the next. Nothing is lost.
    pub fn acquire(&self) -> Acquiring<&Self> {
        self.acquire_many(1)
    }

    /// Waits until there are `count` permits, and takes them all at once. Whoever comes later waits behind, also for fewer:
    /// so a big request is served in its turn. With zero it waits for its turn and takes nothing.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(&self, count: u32) -> Acquiring<&Self> {
        Acquiring::new(self, count)
    }

    /// A permit, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit<&Self>> {
        self.try_acquire_many(1)
    }

    /// So many permits, if there are so many and nobody is in line.
    #[must_use]
    pub fn try_acquire_many(&self, count: u32) -> Option<Permit<&Self>> {
        Held::try_acquire(self, count).map(Permit::new)
    }

    /// Adds a permit: one that was [forgotten](Permit::forget), or a new one. Permits come back by themselves when they are
    /// dropped; this is for counting things that are not scopes.
    ///
    /// # Panics
    ///
    /// Above `usize::MAX / 4` permits.
    pub fn release(&self) {
        self.permits.release(1);
    }

    /// Whether a permit cannot be had at once: there is none, or somebody is in line. Stays `true` until those who were
    /// called have come.
    #[must_use]
    pub fn locked(&self) -> bool {
        self.permits.exhausted()
    }

    /// How many permits are neither held nor promised to somebody in line.
    #[must_use]
    pub fn available(&self) -> usize {
        self.permits.available()
    }
}

impl Semaphore {
    /// Waits for a permit that keeps the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: &Arc<Self>) -> Acquiring<Arc<Self>> {
        self.acquire_many_owned(1)
    }

    /// [`acquire_many`](Self::acquire_many), of permits that keep the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many_owned(self: &Arc<Self>, count: u32) -> Acquiring<Arc<Self>> {
        Acquiring::new(self.clone(), count)
    }

    /// Blocks this thread until there is a permit.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`acquire`](Self::acquire) there.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Permit<&Self> {
        block_on(self.acquire())
    }

    /// Blocks this thread for at most `timeout`; `None` if there was no permit by then.
    ///
    /// # Panics
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking).
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<&Self>> {
        block_on_timeout(&mut self.acquire(), timeout)
    }

    /// A permit that keeps the semaphore alive, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire_owned(self: &Arc<Self>) -> Option<Permit<Arc<Self>>> {
        Held::try_acquire(self.clone(), 1).map(Permit::new)
    }
}

impl SemaphoreOf<Local> {
    /// Waits for a permit that keeps the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: &Rc<Self>) -> Acquiring<Rc<Self>> {
        self.acquire_many_owned(1)
    }

    /// [`acquire_many`](Self::acquire_many), of permits that keep the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many_owned(self: &Rc<Self>, count: u32) -> Acquiring<Rc<Self>> {
        Acquiring::new(self.clone(), count)
    }

    /// A permit that keeps the semaphore alive, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire_owned(self: &Rc<Self>) -> Option<Permit<Rc<Self>>> {
        Held::try_acquire(self.clone(), 1).map(Permit::new)
    }
}

impl<K: Kind> HasPermits for SemaphoreOf<K> {
    type Kind = K;

    fn permits(&self) -> &Permits<K> {
        &self.permits
    }
}

/// Waits for permits. Made by [`SemaphoreOf::acquire`] and its like.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Acquiring<H: HasPermits>(Acquire<H>);

impl<H: HasPermits> Acquiring<H> {
    pub(crate) fn new(holder: H, count: u32) -> Self {
        Self(Acquire::new(holder, count))
    }
}

// A holder is a pointer, which nobody pins.
impl<H: HasPermits> Unpin for Acquiring<H> {}

impl<H: HasPermits> Future for Acquiring<H> {
    type Output = Permit<H>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<H>> {
        self.0.poll(cx).map(Permit::new)
    }
}

/// Held permits, of [`acquire`](SemaphoreOf::acquire) one. Dropping it gives them back. `H` is how it holds its semaphore:
/// `&Semaphore`, `Arc<Semaphore>`, or the same of a [`BoundedSemaphore`](crate::BoundedSemaphore) or a
/// [`CapacityLimiter`](crate::CapacityLimiter).
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct Permit<H: HasPermits>(Held<H>);

/// A [`Permit`] that keeps its semaphore alive.
pub type OwnedPermit = Permit<Arc<Semaphore>>;

impl<H: HasPermits> Permit<H> {
    pub(crate) fn new(held: Held<H>) -> Self {
        Self(held)
    }

    /// How many permits they are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.count()
    }

    /// Does not give the permits back: there are so many less, until somebody calls [`release`](SemaphoreOf::release), of a
    /// [`BoundedSemaphore`](crate::BoundedSemaphore) its [`release`](crate::BoundedSemaphore::release).
    ///
    /// A [`CapacityLimiter`](crate::CapacityLimiter) has no release. There a token that is forgotten counts as borrowed for
    /// good: who borrowed it under a name has the name back, and
    /// [`set_total_tokens`](crate::CapacityLimiter::set_total_tokens) can put another in its place.
    pub fn forget(self) {
        self.0.forget();
    }
}

impl<L> Permit<Arc<L>>
where
    Arc<L>: HasPermits,
{
    /// Whether the permit is one of `limit`.
    pub(crate) fn belongs_to(&self, limit: &Arc<L>) -> bool {
        Arc::ptr_eq(self.0.holder(), limit)
    }
}

impl<K: Kind> fmt::Debug for SemaphoreOf<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}

impl<H: HasPermits> fmt::Debug for Acquiring<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquiring").finish_non_exhaustive()
    }
}

impl<H: HasPermits> fmt::Debug for Permit<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("count", &self.count()).finish_non_exhaustive()
    }
}
