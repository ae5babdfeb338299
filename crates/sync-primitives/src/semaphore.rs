//! A number of permits, first come, first served.

use crate::blocking::{block_on, block_on_timeout};
use crate::permits::{Acquire, Granted, HasPermits, Permits};
use crate::sync::const_fn;
use std::fmt;
use std::pin::Pin;
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
pub struct Semaphore {
    permits: Permits,
}

impl Semaphore {
    const_fn! {
        /// A semaphore of `permits` permits. With none, all wait until somebody calls [`release`](Self::release).
        #[must_use]
        pub fn new(permits: usize) -> Self {
            Self { permits: Permits::new(permits) }
        }
    }

    /// Waits for a permit.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line; a permit that it was called for goes to the next. Nothing is lost.
    pub fn acquire(&self) -> Acquiring<'_> {
        Acquiring(Acquire::new(self))
    }

    /// Waits for a permit that keeps the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: &Arc<Self>) -> AcquiringOwned {
        AcquiringOwned(Acquire::new(self.clone()))
    }

    /// Blocks this thread until there is a permit.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`acquire`](Self::acquire) there.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Permit<'_> {
        block_on(self.acquire())
    }

    /// Blocks this thread for at most `timeout`; `None` if there was no permit by then.
    ///
    /// # Panics
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking).
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        block_on_timeout(&mut self.acquire(), timeout)
    }

    /// A permit, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        let granted = self.permits.try_acquire()?;
        Some(Permit::new(self, granted))
    }

    /// A permit that keeps the semaphore alive, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire_owned(self: &Arc<Self>) -> Option<OwnedPermit> {
        let granted = self.permits.try_acquire()?;
        Some(OwnedPermit::new(self.clone(), granted))
    }

    /// Adds a permit: one that was [forgotten](Permit::forget), or a new one. Permits come back by themselves when they are
    /// dropped; this is for counting things that are not scopes.
    ///
    /// # Panics
    ///
    /// Above `usize::MAX` permits.
    pub fn release(&self) {
        self.permits.release();
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

impl HasPermits for Semaphore {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

/// Waits for a permit. Made by [`Semaphore::acquire`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Acquiring<'a>(Acquire<&'a Semaphore>);

impl<'a> Future for Acquiring<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(|(semaphore, granted)| Permit::new(semaphore, granted))
    }
}

/// Waits for a permit that keeps the semaphore alive. Made by [`Semaphore::acquire_owned`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct AcquiringOwned(Acquire<Arc<Semaphore>>);

impl Future for AcquiringOwned {
    type Output = OwnedPermit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(|(semaphore, granted)| OwnedPermit::new(semaphore, granted))
    }
}

/// A held permit. Dropping it gives it back.
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl<'a> Permit<'a> {
    fn new(semaphore: &'a Semaphore, _granted: Granted) -> Self {
        Self { semaphore }
    }

    /// Does not give the permit back: there is one less, until somebody calls [`Semaphore::release`].
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.semaphore.release();
    }
}

/// A held permit that keeps its semaphore alive. Dropping it gives it back.
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct OwnedPermit {
    /// `None` once it was forgotten.
    semaphore: Option<Arc<Semaphore>>,
}

impl OwnedPermit {
    fn new(semaphore: Arc<Semaphore>, _granted: Granted) -> Self {
        Self { semaphore: Some(semaphore) }
    }

    /// Does not give the permit back: there is one less, until somebody calls [`Semaphore::release`].
    pub fn forget(mut self) {
        self.semaphore = None;
    }

    /// Whether the permit is one of `semaphore`.
    pub(crate) fn belongs_to(&self, semaphore: &Arc<Semaphore>) -> bool {
        self.semaphore.as_ref().is_some_and(|own| Arc::ptr_eq(own, semaphore))
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            semaphore.release();
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Acquiring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquiring").finish_non_exhaustive()
    }
}

impl fmt::Debug for AcquiringOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquiringOwned").finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
